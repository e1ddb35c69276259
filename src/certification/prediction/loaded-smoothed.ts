import { createHash } from 'node:crypto'
import type { Session } from '../../bridge'
import { type CertificationRunConfig, parseCertificationConfig } from '../../config/schema'
import { given } from '../../files/given'
import { toSymmetric } from '../../smoothing/denoise'
import { purificationOf } from '../../smoothing/purification'
import { noisy, seen } from '../../smoothing/smoothing'
import { gaussianBound } from '../../statistics/bound'
import {
  decodeImage,
  encodePng,
  flatten,
  generator,
  type ImageTransform,
  mul,
  noGrad,
  randnCopies,
  stackTensors,
  type Tensor,
} from '../../torch'
import { cohenCertifier, predictCertifier } from '../certifiers'
import { guaranteeOf } from '../guarantee'
import { modelsOf } from '../models-of'
import { certifiersOf, procedureOf } from '../procedure'
import type { ImageAtHand } from '../queue/image-at-hand'
import { MAIN_LINE, queueLine } from '../queue/line'
import { LiveQueue } from '../queue/live-queue'
import { PassSize, passSizeOf } from '../queue/pass-size'
import { VotingPasses } from '../queue/voting-passes'
import { requireCertifiable } from '../require-certifiable'
import type { OpenedSmoothed } from './open-smoothed'
import { readImageFile, requireSize } from './read-image-file'
import { answerOf, type PreliminaryAnswer, preliminaryOf, type SmoothedAnswer } from './smoothed-answer'
import { UnusableImageError } from './unusable-image'

export interface SmoothedPredictOptions {
  /** Upper bound of the probability of a wrong answer. Unset options default to the settings. */
  readonly alpha?: number | undefined
  /** Noisy copies that choose the class. Default: from the settings, but no more than `n`. */
  readonly n0?: number | undefined
  /** Fresh noisy copies that bound its probability. */
  readonly n?: number | undefined
  /** The single radius to decide, with as few copies as possible, at most `n` per round. */
  readonly radius?: number | undefined
  /** Seed of the noise. Whoever chooses images must not know it in advance: then the answer is wrong with probability at most alpha. */
  readonly seed?: number | undefined
  /** Stops at once. */
  readonly signal?: AbortSignal | undefined
  /** Receives preliminary results as votes arrive. */
  readonly onVotes?: ((answer: PreliminaryAnswer) => void) | undefined
}

/** PNG files in base64. */
export interface SmoothedPictures {
  /** The networks' input image, without noise. */
  readonly image: string
  readonly noisy: readonly string[]
  /** The same copies as the classifier sees them. None for noise after its first layer. */
  readonly denoised: readonly string[]
}

/** Largest side of a picture in pixels. */
const MOST_SHOWN = 256

/** A smoothed classifier with loaded networks; see {@link loadSmoothed}. */
export class LoadedSmoothed implements Disposable {
  readonly config: CertificationRunConfig
  /**
   * SHA-256 of everything that determines an answer besides the image, seed, α and the numbers of copies: networks, σ, the crop of images.
   */
  readonly digest: string
  readonly #session: Session
  readonly #opened: OpenedSmoothed
  readonly #transform: ImageTransform
  readonly #passes: VotingPasses<readonly never[]>
  readonly #queue: LiveQueue<ImageAtHand<readonly never[]>>

  constructor(
    session: Session,
    opened: OpenedSmoothed,
    {
      transform,
      onNote,
    }: { readonly transform: ImageTransform; readonly onNote?: ((note: string) => void) | undefined },
  ) {
    const { config, smoothing, voter } = opened
    const { batch, purify } = config.certification
    const purification = purificationOf(purify, smoothing)
    this.#session = session
    this.#opened = opened
    this.#transform = transform
    this.config = config
    this.digest = digestOf(opened, transform)
    this.#passes = new VotingPasses(session, { [MAIN_LINE]: { smoothing, purification, voter } })
    const size = () => new PassSize(passSizeOf({ batch, copies: batch }), { onNote })
    this.#queue = new LiveQueue({
      lines: new Map([[MAIN_LINE, queueLine(voter, size)]]),
      vote: pass => this.#passes.vote(pass),
      voteRest: pass => this.#passes.voteRest(pass),
    })
  }

  /** σ of the noise on the [0, 1] pixel scale. */
  get sigma(): number {
    return this.config.smoothing.sigma
  }

  /** Names of the classes in the order of the logits; a class without a name has its number. */
  get classes(): readonly string[] {
    const head = Object.values(this.#opened.voter.ballots)[0]?.classes ?? 0
    return Array.from({ length: head }, (_, label) => this.#nameOf(label))
  }

  /**
   * Classifies one image, from a file or its content. The noise depends only on the content and the seed, so the answer is the same
   * whatever shares its passes.
   *
   * @throws UnusableImageError if it cannot be decoded as an image; ConfigError for options under which nothing can be certified;
   *   CheckpointError if a noisy copy has no class; the reason of `signal`
   */
  async predict(image: string | Uint8Array, options: SmoothedPredictOptions = {}): Promise<SmoothedAnswer> {
    const { signal, onVotes, ...asked } = options
    const { certification } = this.#settings(asked)
    const { seed, n0, n } = certification
    const { certifiedSigma, alpha } = guaranteeOf(this.#opened.smoothing, { ...certification, images: 1 })
    const bound = gaussianBound(certifiedSigma)
    const procedure = procedureOf(certification, { sigma: this.sigma })
    const certify = certifiersOf(procedure, { bound, alpha, n0, n })
    const nameOf = (label: number) => this.#nameOf(label)
    const [ballot = ''] = Object.keys(this.#opened.voter.ballots)
    const certifiers =
      procedure.kind === 'at-radius'
        ? [certify({ ballot })]
        : [cohenCertifier({ bound, alpha, n0, n }), predictCertifier({ alpha, n })]
    const content = await this.#contentOf(image)
    const image_CHW = await this.#decode(content, image)
    let votes: readonly number[] = []
    try {
      const { outcomes } = await this.#queue.submit(
        { image_CHW, stream: [seed, 'file', hashOf(content)], beside: [], certifiers },
        certifiers,
        {
          signal,
          onVotes: soFar => {
            votes = soFar.counts
            onVotes?.(preliminaryOf(soFar, { alpha, bound, nameOf }))
          },
        },
      )
      return answerOf(outcomes, { alpha, seed, nameOf, votes })
    } finally {
      this.#session.free(image_CHW)
    }
  }

  /**
   * Returns pictures of an image, the networks' input, and noisy and denoised copies, as PNG files in base64.
   * Noise after the first layer has no pictures: both lists of copies are then empty.
   *
   * @throws UnusableImageError if it cannot be decoded as an image
   */
  async pictures(
    image: string | Uint8Array,
    { copies, seed = this.config.certification.seed }: { readonly copies: number; readonly seed?: number },
  ): Promise<SmoothedPictures> {
    const session = this.#session
    const { smoothing } = this.#opened
    const content = await this.#contentOf(image)
    const image_CHW = await this.#decode(content, image)
    try {
      return await session
        .compute(() => {
          const shown = { largest: MOST_SHOWN }
          const image = encodePng(stackTensors([image_CHW], { as: 'N' }), shown)
          // Noise after a layer of the classifier is on features, not pixels.
          if (smoothing.front.kind === 'first-layer') return { image, noisy: [], denoised: [] }
          const clean_BCHW = stackTensors([image_CHW], { as: 'B' })
          const stream = generator(session, seed, 'pictures', hashOf(content))
          const noise_MBCHW = randnCopies(clean_BCHW, { axis: 'M', count: copies, generator: stream })
          const noisy_NCHW = flatten(noisy(smoothing, clean_BCHW, noise_MBCHW), 'MB', 'N')
          return {
            image,
            noisy: encodePng(mul(noisy_NCHW, 1 / smoothing.scales.image), shown),
            denoised: encodePng(
              noGrad(session, () => seen(smoothing, noisy_NCHW)),
              shown,
            ),
          }
        })
        .then(({ image: [own = ''], ...others }) => ({ image: own, ...others }))
    } finally {
      session.free(image_CHW)
    }
  }

  /** Number of images in progress. */
  get predictions(): number {
    return this.#queue.images
  }

  /** Frees the networks. */
  free(): void {
    this.#passes.free()
    this.#opened.free()
  }

  [Symbol.dispose](): void {
    this.free()
  }

  #settings({ radius, ...asked }: Pick<SmoothedPredictOptions, 'alpha' | 'n0' | 'n' | 'radius' | 'seed'>) {
    const { certification, ...others } = this.config
    const n = asked.n ?? certification.n
    const config = parseCertificationConfig({
      ...others,
      certification: {
        ...{ ...certification, n0: Math.min(certification.n0, n), ...given(asked), familyWise: false },
        adaptive: radius === undefined ? 'none' : { radius },
      },
    })
    requireCertifiable(config.certification, { sigma: this.sigma, images: 1 })
    return config
  }

  async #contentOf(image: string | Uint8Array): Promise<Uint8Array> {
    const transform = this.#transform
    if (typeof image === 'string') return readImageFile(image, transform)
    requireSize(image.byteLength, { name: nameOfContent(image), transform })
    return image
  }

  async #decode(content: Uint8Array, image: string | Uint8Array): Promise<Tensor<'CHW'>> {
    const session = this.#session
    const { image_CHW, problem } = session.scope(() => {
      const decoded = decodeImage(session, content, this.#transform)
      return { image_CHW: toSymmetric(decoded.image_CHW), problem: decoded.problem }
    })
    const found = await session.read({ problem })
    session.free(problem)
    if (found.problem === null) return image_CHW
    session.free(image_CHW)
    throw new UnusableImageError(typeof image === 'string' ? image : nameOfContent(image), {
      problem: found.problem,
    })
  }

  #nameOf(label: number): string {
    return this.#opened.names?.[label] ?? String(label)
  }
}

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function nameOfContent({ byteLength }: Uint8Array): string {
  return `What was given, ${byteLength} bytes,`
}

function digestOf({ config, networks, smoothing, names }: OpenedSmoothed, transform: ImageTransform): string {
  const { dtype, autocast, tf32, channelsLast, compile, batch, radiusSigma, purify } = config.certification
  const { sigma, realisedSigma } = smoothing
  // Limits decide which images are refused, and do not affect answers.
  const { maxMegapixels: _pixels, maxMegabytes: _bytes, ...image } = transform
  const deciding = {
    ...{ sigma, realisedSigma, radiusSigma, names: names ?? null, models: modelsOf(config, networks) },
    arithmetic: { dtype, autocast, tf32, channelsLast, compile, batch },
    ...(purify.kind !== 'once' && { purify }),
    ...(config.smoothing.noiseAfter && { noiseAfter: config.smoothing.noiseAfter }),
    image,
  }
  return createHash('sha256').update(JSON.stringify(deciding)).digest('hex')
}
