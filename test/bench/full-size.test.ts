import { expect, test } from 'vitest'
import { operationsPerImage } from '../../bench/full-size/finetuning-rows'
import { CERTIFICATION, FINETUNING } from '../../bench/full-size/full-size-arms'
import { workload } from '../../bench/training/workload'

const rates = { denoiser: 100, classifier: 1, rates: { bfloat16: 1, float32: 1, tf32: 1 } }

/** M noises, T attack steps. */
const config = (scale: 'cifar10' | 'imagenet') =>
  workload(scale, given => ({
    ...given,
    method: { ...given.method, noises: 4, attack: { ...given.method.attack, steps: 2 } },
  })).config

test.each([
  // Forward, and backward to images and weights; of attacked images 2 × 2 passes in the attack and 3 for the loss.
  ['cifar10', 0, 4 * (100 + 3)],
  ['cifar10', 0.5, 4 * (100 + 3 + 0.5 * (4 + 3))],
  // Frozen weights have no gradients of their own.
  ['imagenet', 1, 4 * (100 + 2 + 4 + 2)],
] as const)('operations for an image of %s at a mask share of %d', (scale, share, operations) => {
  expect(operationsPerImage(rates, config(scale), share)).toBe(operations)
})

test('no two rows of a table have one name, and micro-batches divide updates', () => {
  for (const arms of [...Object.values(FINETUNING), ...Object.values(CERTIFICATION)]) {
    const names = arms.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  }
  for (const { imagesPerUpdate, imagesPerMicroBatch } of Object.values(FINETUNING).flat()) {
    expect(imagesPerUpdate % imagesPerMicroBatch).toBe(0)
  }
})
