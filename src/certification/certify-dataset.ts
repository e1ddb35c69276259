import type { CertificationRow } from '../analysis/certification-log'
import type { JsonObject } from '../analysis/certification-log-facts'
import { CertificationLogWriter } from '../analysis/certification-log-file'
import { ConfigError, InterruptedError } from '../errors'
import type { NoiseLevel } from '../method/noise-level'
import { toSymmetric } from '../method/objective'
import { type Classifier, type Dataset, type Denoiser, select } from '../torch'
import { BatchSize } from './batch-size'
import { type CertifyImageOptions, imageStream, recordStages } from './certify-image'
import { type Arithmetic, inferenceNetworks } from './inference-networks'
import { configurationOf } from './log-configuration'
import { oneAhead } from './one-ahead'
import { dealt, planFacts, type Shard } from './shards'
import { smoothingOf, statementOf } from './statement'
import { type Certificate, certifyFromCounts } from './statistics'
import type { Smoothing } from './vote-counts'

/** A base classifier to certify, and where its rows go. */
export interface CertifiedArm {
  readonly classifier: Classifier
  /** Path of the log; `<log>.json` beside it says how its rows were certified. */
  readonly log: string
  /** What identifies the classifier: decides its rows, and so belongs to the log's configuration. */
  readonly name: string
  /** Hashes of its weights and the denoiser's, which decide its rows too. */
  readonly models?: JsonObject
}

/** One image that has its rows. */
export interface CertifiedImage {
  readonly index: number
  /** Of each arm. */
  readonly rows: readonly CertificationRow[]
  /** Whether it was certified just now, for any of the arms. */
  readonly isNew: boolean
}

export interface CertifyDatasetOptions
  extends Pick<CertifyImageOptions, 'n0' | 'n' | 'alpha' | 'batch' | 'seed' | 'sigma'>,
    Arithmetic {
  /** Default: the denoiser's for `sigma`. */
  readonly level?: NoiseLevel
  /** Images by their position in the data set, in the order in which they are certified. */
  readonly indices: readonly number[]
  /** Certify this share of `indices` alone. The logs are to be named by `shardPath`. */
  readonly shard?: Shard | undefined
  /** σ of the radius: `sigma`, or the smaller of it and what the denoiser's timestep adds. Default nominal. */
  readonly certifySigma?: 'nominal' | 'smaller'
  /** Whether `alpha` is shared by all of `indices`, so that all certificates are right with probability 1 - alpha. Default false. */
  readonly familyWise?: boolean
  /** What of the data decides rows, for the logs: where the images are from and how they are cropped. */
  readonly data?: JsonObject
  /** What is good to know and decides no row, for the logs. */
  readonly notes?: JsonObject
  /** Stops at once: the image in work is dropped, the logs stay whole. */
  readonly signal?: AbortSignal | undefined
  /** Called after each image, with how many are done. Images that the logs hold already count at once. */
  readonly onImage?: (done: number, image: CertifiedImage) => void
  /** Called with what happened that does not change the result, such as a smaller batch. */
  readonly onNote?: (note: string) => void
}

/**
 * Certifies images of a data set under one or several base classifiers that share the noisy images. Every arm has its
 * own log; a row is on the disk when its image is done. Images that every log holds already are not certified again;
 * one that only some logs hold is certified anew for the others, with the same noise and so the same result.
 *
 * Rows are bit-identical on one device, whatever the order, the shards and interruptions. A batch that does not fit
 * into memory is halved, which changes the rounding inside the networks alone.
 *
 * @throws ConfigError if a log was begun with another configuration or is being written, or a head does not fit the data
 * @throws InterruptedError if `signal` is aborted; the logs are whole and can be gone on with
 */
export async function certifyDataset(
  { denoiser, dataset, arms }: { denoiser: Denoiser | null; dataset: Dataset; arms: readonly CertifiedArm[] },
  options: CertifyDatasetOptions,
): Promise<void> {
  const { indices, shard, signal, onImage } = options
  const { session } = dataset
  const own = shard === undefined ? indices : dealt(indices, shard)
  const statement = statementOf(denoiser, { ...options, images: indices.length })
  const networks = await inferenceNetworks(
    session,
    { denoiser, classifiers: arms.map(({ classifier }) => classifier) },
    { ...options, example: () => imageOf(dataset, 0).image_CHW },
  )
  const writers: CertificationLogWriter[] = []
  let done = 0
  try {
    requireClasses(networks.heads, dataset)
    for (const { log, name, models } of arms) {
      const { denoiserDtype } = networks
      const { facts } = session
      writers.push(
        await CertificationLogWriter.open(log, {
          configuration: configurationOf(statement, options, { name, models, dataset, denoiserDtype }),
          ...planFacts(indices, shard),
          notes: { device: facts.deviceName, torch: facts.torch, batch: options.batch, ...options.notes },
        }),
      )
    }
    const rows = writers.map(({ earlierRows }) => new Map(earlierRows.map(row => [row.index, row])))
    const rowsOf = (index: number) => rows.flatMap(ofArm => ofArm.get(index) ?? [])
    for (const index of own) {
      const earlier = rowsOf(index)
      if (earlier.length === arms.length) onImage?.(++done, { index, rows: earlier, isNew: false })
    }

    const missing = own
      .map(index => ({ index, without: [...rows.keys()].filter(arm => rows[arm]?.has(index) === false) }))
      .filter(({ without }) => without.length > 0)
    const batch = new BatchSize(options.batch, options)
    const results = oneAhead(
      missing,
      async ({ index, without }) => {
        const classifiers = without.flatMap(arm => networks.classifiers[arm] ?? [])
        const smoothing = smoothingOf(denoiser, statement, { ...options, classifiers })
        const certified = await batch.run(size =>
          certifyOne(smoothing, dataset, { ...options, ...statement, index, batch: size }),
        )
        return { index, without, ...certified }
      },
      { signal },
    )
    let lastMs = performance.now()
    for await (const { index, without, label, certificates } of results) {
      const durationMs = (performance.now() - lastMs) / without.length
      lastMs = performance.now()
      for (const [position, arm] of without.entries()) {
        const certificate = certificates[position]
        if (certificate === undefined) continue
        const { prediction, radius } = certificate
        const entry = { index, label, prediction, radius, durationMs, counts: certificate }
        await writers[arm]?.append(entry)
        rows[arm]?.set(index, { ...entry, correct: prediction === label })
      }
      onImage?.(++done, { index, rows: rowsOf(index), isNew: true })
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error
    throw new InterruptedError(String(signal.reason), {
      what: `Stopped with ${done} of ${own.length} images certified.`,
      remedy: 'The same command goes on from there.',
    })
  } finally {
    for (const writer of writers) await writer.close()
    session.free(networks.classifiers)
  }
}

/** Votes for classes that the data do not have would be lost, and with them the meaning of every bound. */
function requireClasses(heads: readonly number[], { description }: Dataset): void {
  const { length } = description.classes
  const other = heads.find(head => head !== length)
  if (other === undefined) return
  throw new ConfigError(`The data have ${length} classes, but the head of the classifier has ${other}.`, {
    remedy: 'Give the data that the classifier is for, or weights for these classes.',
  })
}

/** Certifies one image in one program. */
async function certifyOne(
  smoothing: Smoothing,
  dataset: Dataset,
  {
    index,
    alpha,
    certifiedSigma,
    ...options
  }: Omit<CertifyImageOptions, 'classes' | 'sigma'> & { readonly certifiedSigma: number },
): Promise<{ readonly label: number; readonly certificates: readonly Certificate[] }> {
  const { labels, selection, estimation } = await dataset.session.compute(() => {
    const { image_CHW, labels_B } = imageOf(dataset, index)
    const classes = dataset.description.classes.length
    const stream = imageStream({ ...options, index })
    return {
      labels: labels_B,
      ...recordStages(smoothing, toSymmetric(image_CHW), { ...options, classes, stream }),
    }
  })
  return {
    label: labels[0] ?? -1,
    certificates: estimation.map((counts, arm) =>
      certifyFromCounts(selection[arm] ?? [], counts, { alpha, sigma: certifiedSigma }),
    ),
  }
}

/** One image in [0, 1]. */
function imageOf(dataset: Dataset, index: number) {
  const { images_BCHW, labels_B } = dataset.images([index])
  return { image_CHW: select(images_BCHW, 'B', 0), labels_B }
}
