import { predictCertifier } from '../certification/certifiers'
import { type Certifier, ONLY_BALLOT } from '../certification/certifiers/certifier'
import { certifiersOf } from '../certification/procedure'
import { certifyImages } from '../certification/queue/certify-images'
import { PassSize } from '../certification/queue/pass-size'
import type { Outcome } from '../logs/outcome'
import type { StreamName } from '../streams'
import { detach, type Tensor } from '../torch'
import { type AskedClassifier, countingCertifier } from './asked-classifier'
import type { Confirmation } from './smallest-changes'

/** An image to classify, in [-1, 1], and the name of its noise. */
export interface AskedImage {
  readonly image_CHW: Tensor<'CHW'>
  readonly stream: StreamName
}

/** Classifies images with the same passes as a certification. */
export class Votes {
  /** Images per batch of the attack. */
  readonly attacked: PassSize
  /** The classifier under attack. */
  readonly asked: AskedClassifier
  readonly #options: { readonly batch: number; readonly onNote?: ((note: string) => void) | undefined }

  constructor(
    asked: AskedClassifier,
    options: { readonly batch: number; readonly onNote?: ((note: string) => void) | undefined },
  ) {
    this.asked = asked
    this.#options = options
    this.attacked = new PassSize(options.batch, options)
  }

  /**
   * Counts votes by class on `count` noisy copies of each image, for the network or noise level that would decide. An estimate for the
   * search, not a statement.
   */
  async count(images: readonly AskedImage[], count: number): Promise<readonly (readonly number[])[]> {
    const { classes } = this.asked
    const outcomes = await this.#ask(images, countingCertifier(this.asked, count))
    return outcomes.map(({ evidence }) =>
      Array.from({ length: classes }, (_, label) => evidence.selection?.[label] ?? 0),
    )
  }

  /** Returns the statement of the procedure or of PREDICT about an image. */
  async state(
    image: AskedImage,
    {
      by,
      alpha,
      n0,
      n,
    }: { readonly by: Confirmation; readonly alpha: number; readonly n0: number; readonly n: number },
  ): Promise<Outcome> {
    const { procedure, bounds, looked } = this.asked
    const [bound] = bounds
    const certifier =
      by === 'certify'
        ? certifiersOf(procedure, { bound, scales: bounds, alpha, n0, n })(looked)
        : predictCertifier({ alpha, n, ballot: looked.ballot ?? ONLY_BALLOT })
    const [outcome] = await this.#ask([image], certifier)
    return outcome as Outcome
  }

  /** Returns a certifier's outcome for each image. Does not free the images. */
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
      { lines: this.asked.lines, ...this.#options },
    )
    const outcomes: Outcome[] = []
    for await (const { outcomes: each } of found) outcomes.push(...each)
    return outcomes
  }
}
