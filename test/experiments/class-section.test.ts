import { expect, it } from 'vitest'
import type { ArmOutcome, ExperimentOutcome } from '../../src/experiments'
import { classSection } from '../../src/experiments/class-section'
import { rowsOf } from '../analysis/rows'

/** Certificates of images of class 0 and 1 in turn. */
const log = (...radii: readonly number[]) =>
  rowsOf(...radii.map((radius, index) => [index % 2, index % 2, radius] as const))

const arm = (label: string, logs: ArmOutcome['logs']) => ({ label, logs }) as ArmOutcome
const outcome = (classes?: readonly string[]) =>
  ({
    arms: [arm('ours', [log(0.6, 0.2), log(0.4, 0.4)]), arm('theirs', [log(0.1)])],
    scale: { radii: [0, 0.25, 0.5] },
    samples: classes && { classes, sigmas: [] },
  }) as unknown as ExperimentOutcome

it('has each class at the first and at the middle radius, over all seeds', () => {
  const sections = classSection(outcome(['nought', 'one', 'two']))
  expect(sections.map(({ title }) => title)).toEqual(['By class', undefined])
  const [atZero, atMiddle] = sections.map(section => (section.kind === 'table' ? section.table : undefined))
  expect(atZero?.rows).toEqual([
    ['nought', 100, 100],
    ['one', 100, null],
    ['two', null, null],
  ])
  expect(atMiddle?.caption).toMatch(/r = 0.25$/)
  expect(atMiddle?.rows.slice(0, 2)).toEqual([
    ['nought', 100, 0],
    ['one', 50, null],
  ])
})

it('numbers classes whose names are not known', () => {
  const [first] = classSection(outcome())
  expect(first?.kind === 'table' && first.table.rows.map(([name]) => name)).toEqual(['0', '1'])
})
