import { BatchSize } from '../certification/batch-size'
import { cohenCertifier, predictCertifier } from '../certification/certifiers'
import { type Certifier, ONLY_BALLOT, type Steps } from '../certification/certifiers/certifier'
import { runCertifiers } from '../certification/run-certifiers'
import { leadingClass } from '../certification/statistics'
import type { Voter } from '../certification/voters'
import { type Outcome, sparseCounts } from '../logs/outcome'
import type { Smoothing } from '../smoothing/smoothing'
import { gaussianBound } from '../statistics/bound'
import type { StreamName } from '../streams'
import type { Tensor } from '../torch'
import type { Confirmation } from './smallest-changes'

/** Who is asked about images, and how: the same passes as those of a certification. */
export class Votes {
  readonly batch: BatchSize
  readonly #voting: { readonly smoothing: Smoothing; readonly voter: Voter }

  constructor(
    voting: { readonly smoothing: Smoothing; readonly voter: Voter },
    options: { readonly batch: number; readonly onNote?: ((note: string) => void) | undefined },
  ) {
    this.#voting = voting
    this.batch = new BatchSize(options.batch, options)
  }

  /** Votes by class of `count` noisy copies. An estimate for the search, and no statement. */
  async count(image_CHW: Tensor<'CHW'>, stream: StreamName, count: number): Promise<readonly number[]> {
    const { classes = 0 } = this.#voting.voter.ballots[ONLY_BALLOT] ?? {}
    const { evidence } = await this.#ask(image_CHW, stream, counting(count))
    return Array.from({ length: classes }, (_, label) => evidence.selection?.[label] ?? 0)
  }

  /** What CERTIFY or PREDICT says of an image. */
  state(
    image_CHW: Tensor<'CHW'>,
    stream: StreamName,
    {
      by,
      alpha,
      n0,
      n,
    }: { readonly by: Confirmation; readonly alpha: number; readonly n0: number; readonly n: number },
  ): Promise<Outcome> {
    const bound = gaussianBound(this.#voting.smoothing.sigma)
    const certifier =
      by === 'certify' ? cohenCertifier({ bound, alpha, n0, n }) : predictCertifier({ alpha, n })
    return this.#ask(image_CHW, stream, certifier)
  }

  async #ask(image_CHW: Tensor<'CHW'>, stream: StreamName, certifier: Certifier): Promise<Outcome> {
    const image = { image_CHW, stream, beside: [] }
    const { outcomes } = await runCertifiers(image, [certifier], { ...this.#voting, batch: this.batch })
    return outcomes[0] as Outcome
  }
}

/** Counts votes and states nothing. */
function counting(n: number): Certifier {
  return {
    kind: 'frequencies',
    ballot: ONLY_BALLOT,
    *begin(): Steps {
      const [votes = []] = yield [{ stage: 'search', count: n }]
      const candidate = leadingClass(votes)
      const runnerUp = leadingClass(votes, candidate)
      const evidence = {
        ...{
          candidate,
          candidateCount: votes[candidate] ?? 0,
          runnerUp,
          runnerUpCount: votes[runnerUp] ?? 0,
        },
        ...{ n0: 0, n, selection: sparseCounts(votes) },
      }
      return { kind: 'undecided', why: 'votes were counted, and nothing was tested', evidence }
    },
  }
}
