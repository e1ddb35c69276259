import { cohenCertifier, predictCertifier } from '../certification/certifiers'
import { type Certifier, ONLY_BALLOT, type Steps } from '../certification/certifiers/certifier'
import { certifyImages } from '../certification/queue/certify-images'
import { MAIN_LINE } from '../certification/queue/line'
import { PassSize } from '../certification/queue/pass-size'
import { leadingClass } from '../certification/statistics'
import type { Voter } from '../certification/voters'
import { type Outcome, sparseCounts } from '../logs/outcome'
import type { Smoothing } from '../smoothing/smoothing'
import { gaussianBound } from '../statistics/bound'
import type { StreamName } from '../streams'
import { detach, type Tensor } from '../torch'
import type { Confirmation } from './smallest-changes'

/** An image that is asked about, in [-1, 1], and the name of its noise. */
export interface AskedImage {
  readonly image_CHW: Tensor<'CHW'>
  readonly stream: StreamName
}

/** Who is asked about images, and how: the same passes as those of a certification. */
export class Votes {
  /** Images in one batch of the attack. */
  readonly attacked: PassSize
  readonly #voting: { readonly smoothing: Smoothing; readonly voter: Voter }
  readonly #options: { readonly batch: number; readonly onNote?: ((note: string) => void) | undefined }

  constructor(
    voting: { readonly smoothing: Smoothing; readonly voter: Voter },
    options: { readonly batch: number; readonly onNote?: ((note: string) => void) | undefined },
  ) {
    this.#voting = voting
    this.#options = options
    this.attacked = new PassSize(options.batch, options)
  }

  /** Votes by class of `count` noisy copies of each image. An estimate for the search, and no statement. */
  async count(images: readonly AskedImage[], count: number): Promise<readonly (readonly number[])[]> {
    const { classes = 0 } = this.#voting.voter.ballots[ONLY_BALLOT] ?? {}
    const outcomes = await this.#ask(images, counting(count))
    return outcomes.map(({ evidence }) =>
      Array.from({ length: classes }, (_, label) => evidence.selection?.[label] ?? 0),
    )
  }

  /** What CERTIFY or PREDICT says of an image. */
  async state(
    image: AskedImage,
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
    const [outcome] = await this.#ask([image], certifier)
    return outcome as Outcome
  }

  /** What a certifier says of each image. The images stay alive. */
  async #ask(images: readonly AskedImage[], certifier: Certifier): Promise<readonly Outcome[]> {
    const [first] = images
    if (first === undefined) return []
    const found = certifyImages(
      first.image_CHW.session,
      images,
      ({ image_CHW, stream }) => ({
        image_CHW: detach(image_CHW),
        ...{ stream, beside: [], certifiers: [certifier] },
      }),
      { lines: { [MAIN_LINE]: this.#voting }, ...this.#options },
    )
    const outcomes: Outcome[] = []
    for await (const { outcomes: each } of found) outcomes.push(...each)
    return outcomes
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
