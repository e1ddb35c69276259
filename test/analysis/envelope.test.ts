import { expect, it } from 'vitest'
import { bestOverRuns } from '../../src/analysis/envelope'
import { ConfigError } from '../../src/errors'
import { rowsOf } from './rows'

const run = (...rows: Parameters<typeof rowsOf>) => ({ logs: [{ rows: rowsOf(...rows) }] })
const small = run([0, 0, 0.5], [0, 0, 0.5], [0, 0, 0.5], [0, 1, 0.5])
const large = run([0, 0, 2], [0, 0, 0.5], [0, 0, 0.5], [0, 'abstain'])
const none = run([0, 1, 1], [0, 1, 1], [0, 1, 1], [0, 1, 1])

it('takes at each radius the best run, on a tie the one with the better clean accuracy, then the first', () => {
  expect(bestOverRuns([none, small, large], [0.5, 1, 3])).toEqual([
    { radius: 0.5, accuracy: 0.75, cleanAccuracy: 0.75, run: small },
    { radius: 1, accuracy: 0.25, cleanAccuracy: 0.75, run: large },
    { radius: 3, accuracy: 0, cleanAccuracy: 0.75, run: small },
  ])
})

it('averages seeds before it compares', () => {
  const [smallLog, largeLog, noneLog] = [small, large, none].flatMap(({ logs }) => logs)
  if (!smallLog || !largeLog || !noneLog) throw new Error('a log each')
  const lucky = { logs: [largeLog, noneLog] }
  const steady = { logs: [smallLog, smallLog] }
  expect(bestOverRuns([lucky, steady], [0.5, 1])).toEqual([
    {
      radius: 0.5,
      accuracy: { mean: 0.75, deviation: 0 },
      cleanAccuracy: { mean: 0.75, deviation: 0 },
      run: steady,
    },
    {
      radius: 1,
      accuracy: { mean: 0.125, deviation: expect.closeTo(0.25 / Math.SQRT2, 14) },
      cleanAccuracy: { mean: 0.375, deviation: expect.closeTo(0.75 / Math.SQRT2, 14) },
      run: lucky,
    },
  ])
})

it('refuses no runs', () => {
  expect(() => bestOverRuns([], [0.5])).toThrow(ConfigError)
})
