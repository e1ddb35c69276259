import type { Selection } from '../ft-cadis/select-images'

/**
 * Returns the probability that a noisy image counts as easy: the share of the M noises under which the image gets its label.
 *
 * @param correct - [M][B]
 * @returns [B]
 */
export function voteShares(correct: readonly (readonly boolean[])[]): number[] {
  return (correct[0] ?? []).map((_, image) => correct.filter(row => row[image]).length / correct.length)
}

/**
 * Draws from Binomial(trials, p).
 *
 * @param random - uniform numbers in [0, 1)
 */
export function drawBinomial(trials: number, p: number, random: () => number): number {
  let successes = 0
  for (let trial = 0; trial < trials; trial += 1) if (random() < p) successes += 1
  return successes
}

/**
 * Selects the noisy images to train on: for each image, the k = max(1, draw) with the smallest cross-entropy. If k is M, the adversarial
 * term counts. Of equal cross-entropies the first counts as smaller; NaN is larger than every number.
 *
 * @param crossEntropy - [M][B]
 * @param draws - [B], from 0 to M
 */
export function selectNoises(
  crossEntropy: readonly (readonly number[])[],
  draws: readonly number[],
): Selection {
  const keptCounts = draws.map(draw => Math.max(1, draw))
  const ranks = keptCounts.map((_, image) => ranksOf(crossEntropy.map(row => row[image] ?? Number.NaN)))
  return {
    keptCounts,
    weights: crossEntropy.map((row, noise) =>
      row.map((_, image) => ((ranks[image]?.[noise] ?? Infinity) < (keptCounts[image] ?? 0) ? 1 : 0)),
    ),
    attacked: keptCounts.flatMap((kept, image) => (kept === crossEntropy.length ? [image] : [])),
  }
}

/** Returns the rank of each value in ascending order. */
function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((one, two) => {
    const [first = 0, second = 0] = [values[one], values[two]]
    const byNaN = Number(Number.isNaN(first)) - Number(Number.isNaN(second))
    return byNaN || first - second || one - two
  })
  return values.map((_, index) => order.indexOf(index))
}
