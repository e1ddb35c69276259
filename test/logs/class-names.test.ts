import { expect, it } from 'vitest'
import { classNamesOf, classTitles } from '../../src/logs/class-names'
import { logOf, withClasses } from '../analysis/logs'

const named = (classNames: readonly string[], logits?: readonly number[]) =>
  withClasses(logOf('a', [1]), classNames, logits)

it('names logits by their place, also where the data have some of the classes', () => {
  expect(classNamesOf(named(['bowl', 'mug']))).toEqual(['bowl', 'mug'])
  expect(classNamesOf(named(['bowl', 'mug'], [2, 0]))).toEqual(['mug', undefined, 'bowl'])
  expect(classNamesOf(logOf('a', [1]))).toEqual([])
})

it('shows the name of a class, with its number where two share it, and the number where none names it', () => {
  const titles = (log: ReturnType<typeof named>) => [0, 1, 2].map(classTitles([log]))
  expect(titles(named(['crane', 'mug', 'crane']))).toEqual(['crane (0)', 'mug', 'crane (2)'])
  expect(titles(named(['bowl', 'mug'], [2, 0]))).toEqual(['mug', '1', 'bowl'])
  expect(titles(named(['bowl', '']))).toEqual(['bowl', '1', '2'])
  expect(titles(logOf('a', [1]))).toEqual(['0', '1', '2'])
})
