import { CheckpointError } from '../errors'
import { noisy, type Smoothing, seen } from '../smoothing/smoothing'
import type { StreamName } from '../streams'
import { add, bincount, noGrad, noiseBlocks, slice, type Tensor } from '../torch'
import type { Voter } from './voters'

export interface VoteOptions {
  readonly smoothing: Smoothing
  readonly voter: Voter
  /** The ballots that are voted on. */
  readonly ballots: readonly string[]
  /** How many noisy copies vote. */
  readonly n: number
  /** The number of the first of them among the copies of the stream; 0 unless given. */
  readonly from?: number | undefined
  /** Noisy copies in one pass. It decides memory and speed, and no vote: the noise is the same for every batch size. */
  readonly batch: number
  /** The name of the noise; two votes share the noise of a copy exactly where this name and its number are equal. */
  readonly stream: StreamName
}

/** So many copies are one random stream, named by the number of the block: any block can be drawn by itself. */
const BLOCK = 16

/** Votes by class, by ballot. */
export type Votes = Readonly<Record<string, Tensor<'K'>>>

/**
 * Votes on noisy copies of one image, recorded in parts and summed on the device. The size of the parts changes no vote, as
 * long as they are whole blocks. A copy that gets no class counts for none: what is read is to pass {@link requireVotes}.
 */
export class VoteCount {
  readonly n: number
  /** How many copies have voted. */
  drawn = 0
  /** Names for the counts of each ballot. */
  votes: Votes = {}
  readonly #image_CHW: Tensor<'CHW'>
  readonly #options: VoteOptions

  /** @param image_CHW - one image in [-1, 1] */
  constructor(image_CHW: Tensor<'CHW'>, options: VoteOptions) {
    this.n = options.n
    this.#image_CHW = image_CHW
    this.#options = options
  }

  /** Records the votes of the next copies: of so many, rounded up to whole draws, or of those that are left. */
  record(copies: number): void {
    const { smoothing, voter, ballots, n, from = 0, batch, stream } = this.#options
    const { session } = this.#image_CHW
    const perDraw = Math.max(BLOCK, Math.floor(batch / BLOCK) * BLOCK)
    const until = Math.min(n, this.drawn + copies)
    if (until === this.drawn) return
    const before = this.votes
    this.votes = session.scope(() => {
      let votes = before
      while (this.drawn < until) {
        const count = Math.min(perDraw, n - this.drawn)
        const start = from + this.drawn
        this.drawn += count
        votes = session.scope(() => {
          const noise_NCHW = noiseBlocks(this.#image_CHW, {
            ...{ axis: 'N', name: stream, start, count, block: BLOCK },
          })
          const noisy_NCHW = noisy(smoothing, this.#image_CHW, noise_NCHW)
          return parts(noisy_NCHW, { count, batch }).reduce(
            (sums, part_NCHW) => addVotes(sums, voteOn(seen(smoothing, part_NCHW), { voter, ballots })),
            votes,
          )
        })
      }
      return votes
    })
    session.free(before)
  }

  free(): void {
    this.#image_CHW.session.free(this.votes)
  }
}

/**
 * Records n votes on noisy copies of one image, and returns names for the counts of each ballot. They are summed on the
 * device. A copy that gets no class counts for none: what is read is to pass {@link requireVotes}.
 *
 * @param image_CHW - one image in [-1, 1]
 */
export function recordVotes(image_CHW: Tensor<'CHW'>, options: VoteOptions): Votes {
  return image_CHW.session.scope(() => {
    const count = new VoteCount(image_CHW, options)
    count.record(options.n)
    return count.votes
  })
}

/** The copies in pieces that fit into one pass: a batch may be smaller than a block. */
function parts(
  noisy_NCHW: Tensor<'NCHW'>,
  { count, batch }: { count: number; batch: number },
): readonly Tensor<'NCHW'>[] {
  if (batch >= BLOCK) return [noisy_NCHW]
  return Array.from({ length: Math.ceil(count / batch) }, (_, part) =>
    slice(noisy_NCHW, 'N', { start: part * batch, end: Math.min(count, (part + 1) * batch) }),
  )
}

function voteOn(
  seen_NCHW: Tensor<'NCHW'>,
  { voter, ballots }: Pick<VoteOptions, 'voter' | 'ballots'>,
): Votes {
  const cast = noGrad(seen_NCHW.session, () => voter.cast(seen_NCHW, ballots))
  return Object.fromEntries(
    Object.entries(cast).map(([ballot, class_N]) => {
      const { classes } = voter.ballots[ballot] ?? { classes: 0 }
      return [ballot, bincount(class_N, { classes })]
    }),
  )
}

function addVotes(sums: Votes, votes: Votes): Votes {
  return Object.fromEntries(
    Object.entries(votes).map(([ballot, votes_K]) => {
      const sum_K = sums[ballot]
      return [ballot, sum_K === undefined ? votes_K : add(votes_K, sum_K)]
    }),
  )
}

/**
 * A certificate counts every noisy copy: none may be left out because the networks failed on it.
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
