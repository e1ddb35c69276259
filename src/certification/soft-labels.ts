import type { FileHandle } from 'node:fs/promises'
import type { Session } from '../bridge'
import { sourceOfData } from '../config/data-schema'
import type { CertificationRunConfig } from '../config/schema'
import { ConfigError, InterruptedError } from '../errors'
import { exists } from '../files/exists'
import { lock } from '../files/lock'
import { cutOff, openToAppend } from '../files/regular-file'
import { sparseCounts } from '../logs/outcome'
import { smoothedOf } from '../runs/smoothed-of-folder'
import { requireClasses, requireSameClasses } from '../smoothing/check-classes'
import { toSymmetric } from '../smoothing/denoise'
import { requireNoiseOnImage } from '../smoothing/first-layer'
import { type CertifiedNetworks, loadNetworks } from '../smoothing/load-networks'
import type { SmoothedInput } from '../smoothing/smoothed-input'
import { smoothingOf } from '../smoothing/smoothing'
import {
  readSoftLabelImages,
  readSoftLabelsHeader,
  SOFT_LABELS_FORMAT,
  type SoftLabelsHeader,
  softLabelsLine,
} from '../smoothing/soft-labels-file'
import { datasetSpec } from '../smoothing/specs'
import { STREAMS_VERSION } from '../streams'
import { type Classifier, type Dataset, type Loader, makeLoader, openDataset, select } from '../torch'
import { type Certifier, ONLY_BALLOT, type Steps } from './certifiers/certifier'
import { requireCertify, requireGaussian, requireOnce } from './guarantee'
import { inferenceNetworks } from './inference-networks'
import { modelsOf } from './models-of'
import { certifyImages } from './queue/certify-images'
import { singleVoter } from './voters'

export interface SoftLabelsOptions {
  /** The output file. A partial file of the same command is continued. */
  readonly output: string
  /** Noisy copies of each image. */
  readonly n: number
  /** Whether to augment images as in training, each once; otherwise they are used unchanged. */
  readonly augment: boolean
  readonly signal?: AbortSignal | undefined
  /** Called with the numbers of completed and of all images: once at the start, then after each. */
  readonly onImage?: (done: number, images: number) => void
  readonly onNote?: (note: string) => void
}

/**
 * Counts how often a smoothed classifier assigns each class to noisy copies of each training image, and writes a line for each: the file
 * for `method.predictions` of CAT-RS. The noise of an image depends only on its position and the seed.
 *
 * @throws ConfigError if the settings have an ensemble, a router or another procedure than CERTIFY, or if the file was started with others
 *   or is being written; as `loadNetworks`
 * @throws InterruptedError if `signal` is aborted; the same call continues
 */
export async function writeSoftLabels(
  session: Session,
  input: SmoothedInput,
  { output, n, augment, signal, onImage, onNote }: SoftLabelsOptions,
): Promise<void> {
  const { config, weights: expected } = await smoothedOf(input)
  const { certification, smoothing: noise } = config
  if (config.ensemble !== undefined) {
    throw new ConfigError(
      'Soft labels are the votes of one classifier, and `ensemble` has others beside it.',
      {
        remedy: 'Leave `ensemble` out, or --classifier but for the first.',
      },
    )
  }
  if (config.router !== undefined) {
    throw new ConfigError('Soft labels are the votes of one classifier, and `router` has others beside it.', {
      remedy: 'Give the run of one expert.',
    })
  }
  requireGaussian('A file of soft labels', certification)
  requireCertify('A file of soft labels', certification)
  requireNoiseOnImage('A file of soft labels', config.smoothing)
  requireOnce('A file of soft labels', certification)
  const held = await lock(`${output}.lock`, `the file of soft labels ${output}`)
  let dataset: Dataset | undefined
  let networks: CertifiedNetworks | undefined
  let copies: readonly Classifier[] = []
  let loader: Loader | null = null
  let done = 0
  let length = 0
  try {
    const trainSet = await openDataset(session, datasetSpec(config.data, 'train'))
    dataset = trainSet
    length = trainSet.description.length
    networks = await loadNetworks(session, config, { expected })
    const { denoiser, classifier } = networks
    requireSameClasses(classifier.description.classes, trainSet.description)
    const prepared = await inferenceNetworks(
      session,
      { denoiser, classifiers: [classifier] },
      { ...certification, example: () => select(trainSet.images([0]).images_BCHW, 'B', 0) },
    )
    copies = prepared.classifiers
    const head = prepared.heads[0] ?? 0
    requireClasses(head, trainSet.description)
    const begun = await begin(output, {
      format: SOFT_LABELS_FORMAT,
      n,
      data: await session.compute(() => trainSet.identity()),
      configuration: configurationOf(config, { augment, networks }),
    })
    await using file = begun.file
    const work = Array.from({ length }, (_, image) => image).filter(image => !begun.images.has(image))
    done = length - work.length
    onImage?.(done, length)
    loader = augment ? await augmentedImages(trainSet, certification.seed) : null
    const imageAt = imagesOf(trainSet, { loader, seed: certification.seed })
    const main = {
      smoothing: { ...smoothingOf(denoiser, noise.sigma), autocast: certification.autocast },
      voter: singleVoter(copies[0] ?? classifier, { classes: head }),
      copies: length * n,
    }
    const certifiers = [frequencies(n)]
    const results = certifyImages(session, work, image => ({ ...imageAt(image), certifiers }), {
      ...{ lines: { main }, batch: certification.batch, signal, onNote },
    })
    for await (const { item: image, outcomes } of results) {
      held.requireHeld()
      await file.write(softLabelsLine(image, outcomes[0]?.evidence.selection ?? {}))
      done += 1
      onImage?.(done, length)
    }
    await file.sync()
  } catch (error) {
    if (signal?.aborted !== true) throw error
    throw new InterruptedError(String(signal.reason), {
      what: `Stopped with ${done} of ${length} images.`,
      remedy: 'The same command continues from there.',
    })
  } finally {
    await held.release()
    session.free([loader, dataset, networks?.denoiser, networks?.classifier, copies])
  }
}

/** A certifier that counts votes and makes no statement. */
function frequencies(n: number): Certifier {
  return {
    kind: 'frequencies',
    ballot: ONLY_BALLOT,
    *begin(): Steps {
      const [votes = []] = yield [{ stage: 'soft-labels', count: n }]
      const evidence = { candidate: 0, candidateCount: 0, runnerUp: 0, runnerUpCount: 0, n0: n, n: 0 }
      return { kind: 'undecided', why: '', evidence: { ...evidence, selection: sparseCounts(votes) } }
    },
  }
}

/** Loads one image per batch, in order, augmented as in the first epoch of training. */
function augmentedImages(dataset: Dataset, seed: number): Promise<Loader> {
  return makeLoader(dataset, { batchSize: 1, seed, shuffle: false, dropLast: false, workers: 0 })
}

function imagesOf(
  dataset: Dataset,
  { loader, seed }: { readonly loader: Loader | null; readonly seed: number },
) {
  return (image: number) =>
    dataset.session.scope(() => {
      loader?.start(0, { firstBatch: image })
      const { images_BCHW } = loader?.nextBatch() ?? dataset.images([image])
      return {
        image_CHW: toSymmetric(select(images_BCHW, 'B', 0)),
        stream: [seed, 'soft-labels', image],
        beside: [],
      }
    })
}

/** Returns everything that determines votes besides images and n, without paths. */
function configurationOf(
  config: CertificationRunConfig,
  { augment, networks }: { readonly augment: boolean; readonly networks: CertifiedNetworks },
): SoftLabelsHeader['configuration'] {
  const { smoothing, data, certification } = config
  const { seed, dtype, autocast, tf32, channelsLast, compile } = certification
  return {
    ...{ sigma: smoothing.sigma, augment, seed, streams: STREAMS_VERSION },
    ...{ dtype, autocast, tf32, channelsLast, compile },
    models: JSON.parse(JSON.stringify(modelsOf(config, networks))),
    data: JSON.parse(JSON.stringify({ source: data.source, ...sourceOfData(data).imageSettings?.(data) })),
  }
}

/** Opens a new file with its header, or a partial one of the same settings, and returns its images. */
async function begin(
  path: string,
  header: SoftLabelsHeader,
): Promise<{ readonly file: FileHandle; readonly images: ReadonlySet<number> }> {
  if (!(await exists(path))) {
    const file = await openToAppend(path)
    await file.write(`${JSON.stringify(header)}\n`)
    return { file, images: new Set() }
  }
  const { format: _, ...begun } = await readSoftLabelsHeader(path)
  const { format: __, ...now } = header
  const different = (['n', 'data', 'configuration'] as const).flatMap(field =>
    JSON.stringify(begun[field]) === JSON.stringify(now[field])
      ? []
      : [`  ${field}: ${JSON.stringify(begun[field])} then, ${JSON.stringify(now[field])} now`],
  )
  if (different.length > 0) {
    throw new ConfigError(`${path} was begun with other settings:\n${different.join('\n')}\n`, {
      remedy: 'Give the settings that it was begun with, or another file.',
    })
  }
  const { images, wholeBytes } = await readSoftLabelImages(path)
  // A line that a kill truncated is counted again.
  await cutOff(path, { bytes: wholeBytes })
  return { file: await openToAppend(path), images }
}
