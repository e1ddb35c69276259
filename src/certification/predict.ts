import type { Session } from '../bridge'
import { sourceOfData } from '../config/data-schema'
import type { DataConfig } from '../config/schema'
import { sidesOf } from '../config/sources/image-size'
import { ConfigError, DataError, InterruptedError } from '../errors'
import { fileHash } from '../files/hash'
import { systemPath } from '../files/system-path'
import { type Outcome, predictionOf, radiusOf } from '../logs/outcome'
import { toSymmetric } from '../smoothing/denoise'
import { notesOnInputRange } from '../smoothing/notes'
import { type SmoothedInput, smoothedOf, unsaidOf } from '../smoothing/smoothed-input'
import type { Noise } from '../smoothing/smoothing'
import { type ImageTransform, readImage, unreadableImages } from '../torch'
import { guaranteeOf, requireCertify } from './guarantee'
import { drawnNoise } from './noise'
import { askedOf } from './prediction/asked'
import { openSmoothed } from './prediction/open-smoothed'
import { certifyImages } from './queue/certify-images'
import { requireCertifiable } from './require-certifiable'

/** What the smoothed classifier says about one image. */
export interface ImagePrediction {
  /** The image file. */
  readonly file: string
  /**
   * `certified`: CERTIFY gives the class and a radius; `predicted`: PREDICT gives the class, but no radius above 0 is
   * certain; `abstained`: neither.
   */
  readonly verdict: 'certified' | 'predicted' | 'abstained'
  /** Class, or ABSTAIN. */
  readonly prediction: number
  /** null where it abstains, or nothing says what classes are called. */
  readonly className: string | null
  /** Radius, for pixels in [0, 1], within which the class is the same: ℓ2, of uniform noise ℓ1. 0 unless certified. */
  readonly radius: number
  /** Of the class that CERTIFY looked at: lower bound of its probability under the noise. */
  readonly lowerBound: number
  /** Of "the two leading classes are equally likely", two-sided. */
  readonly pValue: number
  /** The two classes with the most of `n` votes. */
  readonly topClass: number
  readonly topCount: number
  readonly runnerUp: number
  readonly runnerUpCount: number
  readonly n: number
}

export interface PredictOptions {
  /** Image files. */
  readonly files: readonly string[]
  /** Stops at once. */
  readonly signal?: AbortSignal | undefined
  readonly onImage?: (done: number, prediction: ImagePrediction) => void
  /** Called about each second with how many noisy copies of the image in work have voted, of those asked for. */
  readonly onCopies?: (copies: number, of: number) => void
  /** Called with what happened that does not change the result, such as a smaller batch. */
  readonly onNote?: (note: string) => void
}

/**
 * Classifies image files by the smoothed classifier. Files are resized and cropped as the test images of its data are.
 * A router and its experts are asked as one: each has half of α.
 * The votes of one estimation serve CERTIFY and PREDICT: each of their statements is wrong with probability at most α,
 * over the noise. The noise of a file depends on its content and the seed alone.
 *
 * @throws DataError that lists the files that are not images, before anything is computed
 * @throws ConfigError where the order of the classes could be two; as `loadNetworks` and `requireCertifiable`
 * @throws InterruptedError if `signal` is aborted
 */
export async function predict(
  session: Session,
  input: SmoothedInput,
  { files, signal, onImage, onCopies, onNote }: PredictOptions,
): Promise<readonly ImagePrediction[]> {
  const known = await smoothedOf(input)
  const { config } = known
  const { certification } = config
  const [first] = files
  if (first === undefined) {
    throw new ConfigError('No images to classify.', { remedy: 'Name at least one image file.' })
  }
  requireCertify('A prediction', certification, { router: 'allowed' })
  requireCertifiable(certification, { sigma: config.smoothing.sigma, images: files.length })
  const transform = imageTransform(config.data)
  const problems = await session.compute(() => unreadableImages(session, files, transform))
  if (problems.length > 0) {
    throw new DataError(`These files cannot be used as images:\n  ${problems.join('\n  ')}\n`, {
      remedy: 'Leave them out, or replace them.',
    })
  }
  const unsaid = unsaidOf(known)
  if (unsaid !== undefined) onNote?.(unsaid)
  for (const note of await notesOnInputRange(config)) onNote?.(note)
  const imageShape = imageShapeOf(transform)
  const example = () => readImage(session, first, transform)
  const opened = await openSmoothed(session, known, { imageShape, example })
  const predictions: ImagePrediction[] = []
  let noise: Noise = { kind: 'gaussian' }
  try {
    const { smoothing, names } = opened
    const guarantee = guaranteeOf(smoothing, { ...certification, images: files.length })
    const { seed } = certification
    const values = imageShape.reduce((product, length) => product * length, 1)
    const drawn = drawnNoise(certification, { smoothing, guarantee, values })
    if (drawn.note !== undefined) onNote?.(drawn.note)
    noise = drawn.begin(session)
    const { lines, certifiers } = askedOf(opened, {
      ...{ certification, drawn, noise, images: files.length },
      certifiedSigma: guarantee.certifiedSigma,
    })
    const results = certifyImages(
      session,
      files,
      async file => {
        const stream = [seed, 'file', await fileHash(systemPath(file))]
        const image_CHW = session.scope(() => toSymmetric(readImage(session, file, transform)))
        return { image_CHW, stream, beside: [], certifiers }
      },
      {
        ...{ lines, batch: certification.batch, signal, onCopies, onNote },
      },
    )
    for await (const { item: file, outcomes } of results) {
      const prediction = predictionOfImage(outcomes)
      const className = names?.[prediction.prediction] ?? null
      predictions.push({ file, className, ...prediction })
      onImage?.(predictions.length, { file, className, ...prediction })
    }
    return predictions
  } catch (error) {
    if (signal?.aborted !== true) throw error
    throw new InterruptedError(String(signal.reason), {
      what: `Stopped with ${predictions.length} of ${files.length} images classified.`,
      remedy: 'Start it again.',
    })
  } finally {
    session.free(noise)
    opened.free()
  }
}

/** [C, H, W] of what an image file becomes. */
export function imageShapeOf({ channels, imageSize }: ImageTransform): readonly number[] {
  return [channels, ...sidesOf(imageSize)]
}

/** How an image file becomes what a test image of the data is. */
export function imageTransform(data: DataConfig): ImageTransform {
  return sourceOfData(data).testTransform(data)
}

/** What CERTIFY and PREDICT say together: CERTIFY's class where it has one. */
export function predictionOfImage(outcomes: readonly Outcome[]): Omit<ImagePrediction, 'file' | 'className'> {
  const [certified, predicted] = outcomes as [Outcome, Outcome]
  const { candidate: topClass, candidateCount: topCount, ...tested } = predicted.evidence
  const isCertified = certified.kind === 'certified'
  return {
    verdict: isCertified ? 'certified' : predicted.kind === 'predicted' ? 'predicted' : 'abstained',
    prediction: predictionOf(isCertified ? certified : predicted),
    radius: radiusOf(certified),
    lowerBound: certified.evidence.lowerBound ?? 0,
    pValue: tested.pValue ?? 1,
    ...{ topClass, topCount, runnerUp: tested.runnerUp, runnerUpCount: tested.runnerUpCount, n: tested.n },
  }
}
