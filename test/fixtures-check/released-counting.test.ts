import { describe, expect, it } from 'vitest'
import {
  effectiveBatch,
  releasedEpoch,
  releasedUpdatePoints,
  releasedWeightDecay,
} from '../../src/fixtures/released-counting'
import { learningRate, peakLearningRate } from '../../src/training/schedules'
import fixture from '../fixtures/schedules.json'
import { relativeError } from '../support/relative-error'

const TOLERANCE = 1e-10

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
