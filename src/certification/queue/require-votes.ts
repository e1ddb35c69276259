import { CheckpointError } from '../../errors'

/**
 * Checks that every noisy copy voted: a certificate must not leave out copies on which the networks failed.
 *
 * @param counts - votes per class of n noisy copies
 * @throws CheckpointError if some of them voted for no class
 */
export function requireVotes(counts: readonly number[], n: number): void {
  const votes = counts.reduce((sum, count) => sum + count, 0)
  if (votes === n) return
  throw new CheckpointError(
    `The logits of the classifier are NaN for ${n - votes} of ${n} noisy copies of an image, which have no class.`,
    { remedy: 'Look for weights that are not finite, or compute in a wider number type.' },
  )
}
