import type { Session } from '../bridge'
import { sourceOfData } from '../config/data-schema'
import type { DataConfig } from '../config/schema'
import { sidesOf } from '../config/sources/image-size'
import { ConfigError, DataError, InterruptedError } from '../errors'
import { fileHash } from '../files/hash'
import { systemPath } from '../files/system-path'
import { type Outcome, predictionOf, radiusOf } from '../logs/outcome'
import { smoothedOf } from '../runs/smoothed-of-folder'
import { toSymmetric } from '../smoothing/denoise'
import { notesOnInputRange, notesOnSigma } from '../smoothing/notes'
import { type SmoothedInput, unsaidOf } from '../smoothing/smoothed-input'
import type { Noise } from '../smoothing/smoothing'
import { type ImageTransform, readImage, unreadableImages } from '../torch'
import { guaranteeOf, requireCertify } from './guarantee'
import { drawnNoise } from './noise'
import { askedOf } from './prediction/asked'
import { openSmoothed } from './prediction/open-smoothed'
import { certifyImages } from './queue/certify-images'
import { requireCertifiable } from './require-certifiable'

/** The smoothed classifier's prediction for one image. */
export interface ImagePrediction {
  /** The image file. */
  readonly file: string
  /**
   * `certified`: CERTIFY gives the class and a radius; `predicted`: PREDICT gives the class, but no radius above 0 is certain; `abstained`:
   * neither.
   */
  readonly verdict: 'certified' | 'predicted' | 'abstained'
  /** Class, or ABSTAIN. */
  readonly prediction: number
  /** null if it abstains, or the class has no name. */
  readonly className: string | null
  /** Radius, for pixels in [0, 1], within which the class is the same: ℓ2, or ℓ1 for uniform noise. 0 unless certified. */
  readonly radius: number
  /** Lower bound of the probability under noise of CERTIFY's candidate class. */
  readonly lowerBound: number
  /** p-value of "the two leading classes are equally likely", two-sided. */
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
  /** Called about once a second with the number of noisy copies of the current image that have voted, and their total. */
  readonly onCopies?: (copies: number, of: number) => void
  /** Called with events that do not change the result, for example a smaller batch. */
  readonly onNote?: (note: string) => void
}

/**
 * Classifies image files with the smoothed classifier. Resizes and crops files like the test images of its data. A router and its experts
 * count as one: each has half of α. The votes of one estimation serve CERTIFY and PREDICT: each statement is wrong with probability at most
 * α over the noise. The noise of a file depends only on its content and the seed.
 *
 * @throws DataError that lists the files that are not images, before any computation
 * @throws ConfigError if the order of the classes is ambiguous; as `loadNetworks` and `requireCertifiable`
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
  const notes = [...(await notesOnInputRange(config)), ...notesOnSigma(config.smoothing)]
  for (const note of notes) onNote?.(note)
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

/** Returns [C, H, W] of a transformed image file. */
export function imageShapeOf({ channels, imageSize }: ImageTransform): readonly number[] {
  return [channels, ...sidesOf(imageSize)]
}

/** Returns the transform from an image file to the form of the data's test images. */
export function imageTransform(data: DataConfig): ImageTransform {
  return sourceOfData(data).testTransform(data)
}

/** Combines CERTIFY and PREDICT: CERTIFY's class if it has one. */
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
