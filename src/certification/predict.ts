import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Session } from '../bridge'
import { sourceOfData } from '../config/data-schema'
import type { DataConfig } from '../config/schema'
import { ConfigError, DataError, InterruptedError } from '../errors'
import { toSymmetric } from '../smoothing/denoise'
import { loadNetworks } from '../smoothing/load-networks'
import { type SmoothedInput, smoothedOf } from '../smoothing/smoothed-input'
import { type Statement, smoothingOf, statementOf } from '../smoothing/statement'
import { type Classifier, type ImageTransform, readImage, unreadableImages } from '../torch'
import { BatchSize } from './batch-size'
import { certifyStages, recordStages } from './certify-image'
import { inferenceNetworks } from './inference-networks'
import { oneAhead } from './one-ahead'
import { ABSTAIN, type Certificate, predictFromCounts } from './statistics'

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
  /** ℓ2 radius, for pixels in [0, 1], within which the class is the same; 0 unless certified. */
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
  /** Called with what happened that does not change the result, such as a smaller batch. */
  readonly onNote?: (note: string) => void
}

/**
 * Classifies image files by the smoothed classifier. Files are resized and cropped as the test images of its data are.
 * The votes of one estimation serve CERTIFY and PREDICT: each of their statements is wrong with probability at most α,
 * over the noise. The noise of a file depends on its content and the seed alone.
 *
 * @throws DataError that lists the files that are no images, before anything is computed
 * @throws as `loadNetworks`; InterruptedError if `signal` is aborted
 */
export async function predict(
  session: Session,
  input: SmoothedInput,
  { files, signal, onImage, onNote }: PredictOptions,
): Promise<readonly ImagePrediction[]> {
  const { config, weights: expected, classes } = await smoothedOf(input)
  const [first] = files
  if (first === undefined) {
    throw new ConfigError('There are no images to classify.', { remedy: 'Name at least one image file.' })
  }
  const problems = await session.compute(() => unreadableImages(session, files))
  if (problems.length > 0) {
    throw new DataError(`These files cannot be used as images:\n  ${problems.join('\n  ')}\n`, {
      remedy: 'Leave them out, or replace them.',
    })
  }
  const transform = imageTransform(config.data)
  const { denoiser, classifier } = await loadNetworks(session, config, { expected })
  const predictions: ImagePrediction[] = []
  let copies: readonly Classifier[] = []
  try {
    const networks = await inferenceNetworks(
      session,
      { denoiser, classifiers: [classifier] },
      { ...config.certification, example: () => readImage(session, first, transform) },
    )
    copies = networks.classifiers
    const head = networks.heads[0] ?? 0
    requireNames(head, classes)
    const statement = statementOf(denoiser, { ...config.certification, images: files.length })
    const smoothing = smoothingOf(denoiser, statement, { ...config.certification, ...networks })
    const batch = new BatchSize(config.certification.batch, { onNote })
    const { n0, n, seed } = config.certification
    const results = oneAhead(
      files,
      async file => {
        const stream = [
          seed,
          'file',
          createHash('sha256')
            .update(await readFile(file))
            .digest('hex'),
        ]
        return batch.run(async size => {
          const votes = await session.compute(() =>
            recordStages(smoothing, toSymmetric(readImage(session, file, transform)), {
              ...{ n0, n, batch: size, classes: head, stream },
            }),
          )
          const [certificate] = certifyStages(votes, { n0, n, ...statement, sigma: statement.certifiedSigma })
          return { file, certificate: certificate as Certificate, counts: votes.estimation[0] ?? [] }
        })
      },
      { signal },
    )
    for await (const { file, ...votes } of results) {
      const prediction = decide(votes, statement)
      const className = classes?.[prediction.prediction] ?? null
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
    session.free([denoiser, classifier, copies])
  }
}

/** How an image file becomes what a test image of the data is. */
export function imageTransform(data: DataConfig): ImageTransform {
  return sourceOfData(data).testTransform(data)
}

function decide(
  { certificate, counts }: { certificate: Certificate; counts: readonly number[] },
  { alpha }: Statement,
): Omit<ImagePrediction, 'file' | 'className'> {
  const { pValue, prediction, topClass, topCount, runnerUp, runnerUpCount } = predictFromCounts(counts, {
    alpha,
  })
  const isCertified = certificate.prediction !== ABSTAIN
  return {
    verdict: isCertified ? 'certified' : prediction === ABSTAIN ? 'abstained' : 'predicted',
    prediction: isCertified ? certificate.prediction : prediction,
    radius: certificate.radius,
    lowerBound: certificate.lowerBound,
    ...{ pValue, topClass, topCount, runnerUp, runnerUpCount, n: certificate.n },
  }
}

function requireNames(head: number, classes: readonly string[] | undefined): void {
  if (classes === undefined || classes.length === head) return
  throw new ConfigError(`${classes.length} classes are named, but the head of the classifier has ${head}.`, {
    remedy: 'Give the description that belongs to these weights.',
  })
}
