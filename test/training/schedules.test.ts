import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors'
import { epsilonAt } from '../../src/objectives/ft-cadis/epsilon'
import {
  effectiveBatch,
  learningRate,
  peakLearningRate,
  releasedEpoch,
  releasedUpdatePoints,
  releasedWeightDecay,
  weightDecay,
} from '../../src/training/schedules'
import fixture from '../fixtures/schedules.json'

const TOLERANCE = 1e-10

function relativeError(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected)
}

describe.each(fixture.cases)('the released code, counted as it counts: $name', expected => {
  const run = {
    epochs: expected.epochs,
    loaderBatchesPerEpoch: expected.iters_per_epoch,
    accumulation: expected.accum_iter,
    noises: expected.num_noises,
  }
  const points = releasedUpdatePoints(run)
  const schedule = {
    peak: expected.lr_abs,
    minimum: expected.min_lr,
    warmupEpochs: expected.warmup_epochs,
    epochs: expected.epochs,
  }
  const decay = { ...run, start: expected.wd_start, end: expected.wd_end }

  it('images per update and learning rate', () => {
    const images = effectiveBatch({
      ...run,
      loaderBatch: expected.batch_per_gpu,
      processes: expected.world_size,
    })
    expect(images).toBe(expected.eff_batch)
    const rate = expected.lr_given ? expected.lr_abs : { base: expected.blr }
    expect(relativeError(peakLearningRate(rate, images), expected.lr_abs)).toBeLessThan(TOLERANCE)
  })

  it('update points', () => {
    expect(points).toHaveLength(expected.num_updates)
    expect(points.map(point => point.epoch)).toEqual(expected.epoch)
    expect(points.map(point => point.loaderBatch)).toEqual(expected.i)
    expect(points.map(point => point.chunk)).toEqual(expected.j)
    expect(points.map(point => point.weightDecayIteration)).toEqual(expected.global_iter)
    points.forEach((point, index) => {
      expect(relativeError(point.epochsDone, expected.epoch_frac[index] as number)).toBeLessThan(TOLERANCE)
    })
    const { updates, lostMicroBatches } = releasedEpoch(run)
    expect(expected.steps_per_epoch).toEqual(Array(expected.epochs).fill(updates))
    expect(updates * expected.epochs).toBe(expected.optimizer_steps_total)
    expect(lostMicroBatches).toBe(expected.dropped_micro_steps_per_epoch)
  })

  it('learning rate and weight decay', () => {
    points.forEach((point, index) => {
      const rate = learningRate(point.epochsDone, schedule)
      const weight = releasedWeightDecay(point, decay)
      if ((expected.index_error_at as number[]).includes(index)) {
        expect(rate).toBeGreaterThan(expected.min_lr)
        expect(rate).toBeLessThan(expected.lr[index - 1] as number)
        expect(weight).toBe(expected.wd_end)
        return
      }
      const firstLayer = rate * expected.layer_decay ** 13
      expect(relativeError(rate, expected.lr[index] as number)).toBeLessThan(TOLERANCE)
      expect(relativeError(firstLayer, expected.lr_scaled_first_layer[index] as number)).toBeLessThan(
        TOLERANCE,
      )
      expect(relativeError(weight, expected.wd[index] as number)).toBeLessThan(TOLERANCE)
    })
  })

  it('a loop that counts in updates alone sees the same learning rates', () => {
    const pointsPerEpoch = points.length / expected.epochs
    const updatesPerEpoch = (expected.iters_per_epoch * expected.num_noises) / expected.accum_iter
    expected.lr.forEach((rate, index) => {
      if (typeof rate !== 'number') return
      const epoch = Math.floor(index / pointsPerEpoch)
      const epochsDone = epoch + (index % pointsPerEpoch) / updatesPerEpoch
      expect(relativeError(learningRate(epochsDone, schedule), rate)).toBeLessThan(TOLERANCE)
    })
  })
})

it('the fixtures include places where the released code stops, half batches and lost micro-batches', () => {
  expect(fixture.cases.filter(expected => expected.index_error_at.length > 0).length).toBeGreaterThan(2)
  expect(fixture.cases.filter(expected => expected.dropped_micro_steps_per_epoch > 0).length).toBeGreaterThan(
    1,
  )
  expect(fixture.cases.some(expected => expected.j.some(j => (2 * j) / expected.num_noises === 1))).toBe(true)
})

describe('learningRate', () => {
  const schedule = { peak: 1e-3, minimum: 1e-6, warmupEpochs: 2, epochs: 12 }

  it.each([
    [0, 0],
    [1, 5e-4],
    [2, 1e-3],
    [7, (1e-3 + 1e-6) / 2],
    [12, 1e-6],
    [13, 1e-6],
  ])('after %d epochs is %d', (epochsDone, expected) => {
    expect(relativeError(learningRate(epochsDone, schedule), expected)).toBeLessThan(1e-12)
  })

  it('starts at the peak without warm-up, and survives a schedule that is all warm-up', () => {
    expect(learningRate(0, { ...schedule, warmupEpochs: 0 })).toBeCloseTo(1e-3, 15)
    expect(learningRate(11.5, { ...schedule, warmupEpochs: 12 })).toBeCloseTo((1e-3 * 11.5) / 12, 15)
    expect(learningRate(12, { ...schedule, warmupEpochs: 12 })).toBe(1e-6)
  })

  it('rises through the warm-up and falls after it', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 12, noNaN: true }),
        fc.double({ min: 0, max: 12, noNaN: true }),
        (a, b) => {
          const [early, late] = [
            learningRate(Math.min(a, b), schedule),
            learningRate(Math.max(a, b), schedule),
          ]
          if (Math.max(a, b) <= 2) expect(early).toBeLessThanOrEqual(late)
          if (Math.min(a, b) >= 2) expect(early).toBeGreaterThanOrEqual(late)
        },
      ),
    )
  })
})

describe('any schedule', () => {
  const run = fc.record({
    epochs: fc.integer({ min: 1, max: 100 }),
    place: fc.double({ min: 0, max: 1.2, noNaN: true }),
    later: fc.double({ min: 0, max: 1, noNaN: true }),
    low: fc.double({ min: 0, max: 1, noNaN: true }),
    above: fc.double({ min: 0, max: 10, noNaN: true }),
    warmup: fc.double({ min: 0, max: 1, noNaN: true }),
  })

  it('stays between its ends, and ends where it is to end', () => {
    fc.assert(
      fc.property(run, ({ epochs, place, low, above, warmup }) => {
        const high = low + above
        const rates = { peak: high, minimum: low, warmupEpochs: warmup * epochs, epochs }
        const rate = learningRate(place * epochs, rates)
        expect(rate).toBeGreaterThanOrEqual(place < warmup ? 0 : low - 1e-12)
        expect(rate).toBeLessThanOrEqual(high + 1e-12)
        expect(learningRate(epochs, rates)).toBe(low)
        const decay = weightDecay(place * epochs, { start: low, end: high, epochs })
        expect(decay).toBeGreaterThanOrEqual(low - 1e-12)
        expect(decay).toBeLessThanOrEqual(high + 1e-12)
        expect(weightDecay(epochs, { start: low, end: high, epochs })).toBeCloseTo(high, 12)
      }),
    )
  })

  it('of weight decay goes one way', () => {
    fc.assert(
      fc.property(run, ({ epochs, place, later, low, above }) => {
        const schedule = { start: low, end: low + above, epochs }
        const now = weightDecay(place * epochs, schedule)
        expect(weightDecay((place + later) * epochs, schedule)).toBeGreaterThanOrEqual(now - 1e-12)
      }),
    )
  })

  it('of epsilon has the value of the last step that has begun', () => {
    const step = fc.record({ fromEpoch: fc.nat(50), epsilon: fc.double({ min: 0, max: 4, noNaN: true }) })
    const steps = fc.uniqueArray(step, { selector: ({ fromEpoch }) => fromEpoch, maxLength: 6 })
    fc.assert(
      fc.property(steps, fc.nat(60), (others, epoch) => {
        const ascending = [...others].sort((a, b) => a.fromEpoch - b.fromEpoch)
        const schedule = [{ fromEpoch: 0, epsilon: 9 }, ...ascending.filter(({ fromEpoch }) => fromEpoch > 0)]
        const begun = schedule.filter(({ fromEpoch }) => fromEpoch <= epoch)
        expect(epsilonAt(epoch, schedule)).toBe(begun[begun.length - 1]?.epsilon)
      }),
    )
  })
})

describe('weightDecay', () => {
  it.each([
    [0, 0.04],
    [5, 0.22],
    [10, 0.4],
    [15, 0.4],
  ])('after %d of 10 epochs is %d', (epochsDone, expected) => {
    expect(weightDecay(epochsDone, { start: 0.04, end: 0.4, epochs: 10 })).toBeCloseTo(expected, 14)
  })

  it('rises from a start of 0, which the released code does not', () => {
    expect(weightDecay(5, { start: 0, end: 0.4, epochs: 10 })).toBeCloseTo(0.2, 14)
  })
})

describe('epsilonAt', () => {
  const doubled = [
    { fromEpoch: 0, epsilon: 0.25 },
    { fromEpoch: 10, epsilon: 0.5 },
  ]

  it.each([
    [0, 0.25],
    [9, 0.25],
    [10, 0.5],
    [29, 0.5],
  ])('epoch %d attacks within %d', (epoch, epsilon) => {
    expect(epsilonAt(epoch, doubled)).toBe(epsilon)
    expect(epsilonAt(epoch, 0.125)).toBe(0.125)
  })

  it('refuses an epoch before the first step', () => {
    expect(() => epsilonAt(3, doubled.slice(1))).toThrow(ConfigError)
    expect(() => epsilonAt(3, doubled.slice(1))).toThrow('no step for epoch 3')
  })
})
