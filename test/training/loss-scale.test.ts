import { expect, it } from 'vitest'
import { FIRST_LOSS_SCALE, type LossScale, nextLossScale } from '../../src/training/loss-scale'

const after = (from: LossScale, overflows: readonly boolean[]) =>
  overflows.reduce((scale, overflowed) => nextLossScale(scale, { overflowed }), from)

it('halves on an overflow, and starts to count again', () => {
  expect(after({ scale: 1024, goodUpdates: 1999 }, [true])).toEqual({ scale: 512, goodUpdates: 0 })
  expect(after({ scale: 1, goodUpdates: 3 }, [true])).toEqual({ scale: 1, goodUpdates: 0 })
})

it('doubles after 2,000 updates in a row without one', () => {
  expect(after(FIRST_LOSS_SCALE, Array(1999).fill(false))).toEqual({ scale: 65_536, goodUpdates: 1999 })
  expect(after(FIRST_LOSS_SCALE, Array(2000).fill(false))).toEqual({ scale: 131_072, goodUpdates: 0 })
})
