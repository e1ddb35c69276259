import { expect, it } from 'vitest'
import { constantOf, distinctSeries, sameCurves } from '../../../src/runs/report/plain-curves'

const line = (label: string, ...values: number[]) => ({
  label,
  points: values.map((value, index) => ({ step: index + 1, value })),
})

it('a metric that never changes is said with its value, of several runs with each one’s', () => {
  expect(constantOf({ metric: 'ε', series: [line('', 0.5, 0.5)] })).toBe('ε 0.5')
  expect(constantOf({ metric: 'ε', series: [line('a', 1, 1), line('b', 1, 1)] })).toBe('ε 1')
  expect(constantOf({ metric: 'ε', series: [line('a', 1, 1), line('b', 2, 2)] })).toBe('ε 1 (a), 2 (b)')
  expect(constantOf({ metric: 'ε', series: [line('a', 1, 1), line('b', 1, 2)] })).toBeUndefined()
  // A gap is news, and one value tells nothing.
  expect(constantOf({ metric: 'ε', series: [line('', 1, Number.NaN)] })).toBeUndefined()
  expect(constantOf({ metric: 'ε', series: [line('', 1)] })).toBeUndefined()
})

it('equal lines of a chart are drawn once', () => {
  const [first, second] = [line('first layer', 1, 2), line('last layer', 1, 2)]
  expect(distinctSeries([first, second])).toEqual([{ ...first, label: '' }])
  expect(distinctSeries([first, line('other', 2, 2)])).toHaveLength(2)
})

it('a curve that another metric has drawn is found, constants aside', () => {
  const curve = (metric: string, ...values: number[]) => ({
    panel: { metric, series: [line('', ...values)] },
  })
  const [accuracy, kept, loss] = [curve('accuracy', 1, 2), curve('kept', 1, 2), curve('loss', 2, 1)]
  const [epsilon, again] = [curve('ε', 1, 1), curve('again', 1, 1)]
  expect([...sameCurves([accuracy, kept, loss, epsilon, again])]).toEqual([[kept, accuracy]])
})
