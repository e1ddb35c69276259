import type { Session } from '../bridge'
import { sourceOfData } from '../config/data-schema'
import type { DataConfig } from '../config/schema'
import { ConfigError, DataError, InterruptedError } from '../errors'
import { fileHash } from '../files/hash'
import { systemPath } from '../files/system-path'
import { type Outcome, predictionOf, radiusOf } from '../logs/outcome'
import { requireOneHead, requireOneOrder, requireSameClasses } from '../smoothing/check-classes'
import { toSymmetric } from '../smoothing/denoise'
import { loadNetworks } from '../smoothing/load-networks'
import { notesOnInputRange } from '../smoothing/notes'
import { type SmoothedInput, smoothedOf, unsaidOf } from '../smoothing/smoothed-input'
import { type Noise, smoothingOf } from '../smoothing/smoothing'
import { type Classifier, classNames, type ImageTransform, readImage, unreadableImages } from '../torch'
import { cohenCertifier, predictCertifier } from './certifiers'
import { boundOf, guaranteeOf } from './guarantee'
import { inferenceNetworks } from './inference-networks'
import { drawnNoise } from './noise'
import { certifyImages } from './queue/certify-images'
import { requireCertifiable } from './require-certifiable'
import { voterOf } from './voters'

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
 * @throws ConfigError where the order of the classes could be two; as `loadNetworks` and `requireCertifiable`
 * @throws InterruptedError if `signal` is aborted
 */
export async function predict(
  session: Session,
  input: SmoothedInput,
  { files, signal, onImage, onNote }: PredictOptions,
): Promise<readonly ImagePrediction[]> {
  const known = await smoothedOf(input)
  const { config, weights: expected, classes } = known
  const { certification } = config
  const [first] = files
  if (first === undefined) {
    throw new ConfigError('There are no images to classify.', { remedy: 'Name at least one image file.' })
  }
  const { procedure } = certification
  if (procedure.kind !== 'certify') {
    throw new ConfigError(
      `Files are classified by PREDICT and CERTIFY, got the procedure ${procedure.kind}.`,
      {
        remedy: 'Set certification.procedure.kind to certify, or leave it out.',
      },
    )
  }
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
  const named = classes ?? listedClasses(config.data)
  const { denoiser, classifier, others } = await loadNetworks(session, config, { expected })
  const members = [classifier, ...others.map(member => member.classifier)] as const
  const predictions: ImagePrediction[] = []
  let copies: readonly Classifier[] = []
  let noise: Noise = { kind: 'gaussian' }
  try {
    const networks = await inferenceNetworks(
      session,
      { denoiser, classifiers: members },
      { ...certification, example: () => readImage(session, first, transform) },
    )
    copies = networks.classifiers
    const head = networks.heads[0] ?? 0
    requireNames(head, named)
    requireOneHead(networks.heads)
    const { classes: ofWeights } = classifier.description
    for (const { description } of named === undefined ? [] : members) {
      requireSameClasses(description.classes, { classes: named ?? [], classOrder: 'listed', logits: null })
    }
    const names = named ?? ofWeights?.names ?? (await namesOfData(session, config.data, { head }))
    const smoothing = smoothingOf(denoiser, config.smoothing.sigma, certification)
    const guarantee = guaranteeOf(smoothing, { ...certification, images: files.length })
    const { n0, n, seed } = certification
    const example = await session.compute(() => readImage(session, first, transform))
    const drawn = drawnNoise(certification, { smoothing, guarantee, values: example.flat(2).length })
    const { alpha } = drawn
    noise = drawn.begin(session)
    const certifiers = [
      cohenCertifier({ ...drawn, bound: boundOf(certification.noise, guarantee.certifiedSigma), n0, n }),
      predictCertifier({ alpha, n }),
    ]
    const voter = voterOf([copies[0] ?? classifier, ...copies.slice(1)], {
      classes: head,
      ensemble: config.ensemble,
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
        lines: { main: { smoothing: { ...smoothing, noise }, voter, copies: files.length * (n0 + n) } },
        ...{ batch: certification.batch, signal, onNote },
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
    session.free([denoiser, members, copies, noise])
  }
}

/** The classes that the settings list in the order of the logits. */
function listedClasses(data: DataConfig): readonly string[] | undefined {
  return data.source === 'folder' && Array.isArray(data.classes) ? data.classes : undefined
}

/**
 * What the settings or the data call the logits; undefined where neither does.
 *
 * @throws ConfigError where the order of the folders could be two
 */
async function namesOfData(
  session: Session,
  data: DataConfig,
  { head }: { readonly head: number },
): Promise<readonly (string | undefined)[] | undefined> {
  const { classes } = { classes: undefined, ...data }
  if (data.source === 'folder' && typeof classes === 'object') {
    const names: string[] = []
    for (const [name, logit] of Object.entries(classes)) names[Number(logit)] = name
    return names
  }
  const found = await classNames(session, data)
  if (found !== undefined && !found.isStated) requireOneOrder(found.names)
  return found?.names.length === head ? found.names : undefined
}

/** How an image file becomes what a test image of the data is. */
export function imageTransform(data: DataConfig): ImageTransform {
  return sourceOfData(data).testTransform(data)
}

/** What CERTIFY and PREDICT say together: CERTIFY's class where it has one. */
function predictionOfImage(outcomes: readonly Outcome[]): Omit<ImagePrediction, 'file' | 'className'> {
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

function requireNames(head: number, classes: readonly string[] | undefined): void {
  if (classes === undefined || classes.length === head) return
  throw new ConfigError(`${classes.length} classes are named, but the head of the classifier has ${head}.`, {
    remedy: 'Give the description that belongs to these weights.',
  })
}
