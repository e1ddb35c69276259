import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors'
import { epsilonAt } from '../../src/objectives/ft-cadis/epsilon'
import { learningRate, steppedLearningRate, weightDecay } from '../../src/training/schedules'
import { relativeError } from '../support/relative-error'

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

describe('steppedLearningRate', () => {
  const steps = { kind: 'steps', everyEpochs: 50, factor: 0.1, late: 0 } as const
  const rates = (given: Parameters<typeof steppedLearningRate>[1]['steps'], epochs: readonly number[]) =>
    epochs.map(epochsDone => steppedLearningRate(epochsDone, { peak: 2, warmupEpochs: 0, steps: given }))

  it('drops every N epochs, on time, late or early, and is constant within an epoch', () => {
    expect(rates(steps, [0, 49.9, 50, 99.9])).toEqual([2, 2, 2 * 0.1, 2 * 0.1])
    expect(rates({ ...steps, late: 1 }, [50.9, 51])).toEqual([2, 2 * 0.1])
    expect(rates({ ...steps, late: -1 }, [0, 48.9, 49])).toEqual([2, 2, 2 * 0.1])
  })

  it('follows a list', () => {
    const listed = [
      { fromEpoch: 2, factor: 0.5 },
      { fromEpoch: 3, factor: 1 },
    ]
    expect(rates({ kind: 'listed', steps: listed }, [0, 1.9, 2, 2.9, 3, 9])).toEqual([2, 2, 1, 1, 2, 2])
  })

  it('rises from 0 in a warm-up', () => {
    expect(steppedLearningRate(1, { peak: 2, warmupEpochs: 4, steps })).toBe(0.5)
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
