import type { CertificationConfig } from '../config/schema'
import { ConfigError, InterruptedError } from '../errors'
import { ArmLogs } from '../logs/arm-logs'
import type { CertifiedImage } from '../logs/certification-log'
import type { JsonObject } from '../logs/certification-log-facts'
import { dealt, planFacts, type Shard } from '../logs/shards'
import type { NoiseLevel } from '../smoothing/noise-level'
import { smoothingOf, statementOf } from '../smoothing/statement'
import type { Classifier, Dataset, Denoiser } from '../torch'
import { adaptiveCertification, adaptiveSettings } from './adaptive-settings'
import { BatchSize } from './batch-size'
import { certifyDatasetImage, imageOf } from './certify-dataset-image'
import type { CertifyImageOptions } from './certify-image'
import { type Arithmetic, inferenceNetworks } from './inference-networks'
import { configurationOf } from './log-configuration'
import { oneAhead } from './one-ahead'

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

export interface CertifyDatasetOptions
  extends Pick<CertifyImageOptions, 'n0' | 'n' | 'alpha' | 'batch' | 'seed' | 'sigma'>,
    Arithmetic {
  /** Default: the denoiser's for `sigma`. */
  readonly level?: NoiseLevel
  /** Images by their position in the data set, in the order in which they are certified. */
  readonly indices: readonly number[]
  /** Certify this share of `indices` alone. The logs are to be named by `shardPath`. */
  readonly shard?: Shard | undefined
  /** How an image may take less than n votes, at the same α. Default none. */
  readonly adaptive?: CertificationConfig['adaptive']
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
  const { indices, shard, signal, onImage, adaptive: chosen = 'none', n } = options
  const { session } = dataset
  const own = shard === undefined ? indices : dealt(indices, shard)
  const statement = statementOf(denoiser, { ...options, images: indices.length })
  const settings = adaptiveSettings({ adaptive: chosen, n })
  const networks = await inferenceNetworks(
    session,
    { denoiser, classifiers: arms.map(({ classifier }) => classifier) },
    { ...options, example: () => imageOf(dataset, 0).image_CHW },
  )
  let done = 0
  try {
    requireClasses(networks.heads, dataset)
    const { denoiserDtype } = networks
    const { facts } = session
    await using logs = await ArmLogs.open(
      arms.map(({ log, name, models }) => ({
        path: log,
        facts: {
          configuration: configurationOf(options, {
            ...{ statement, adaptive: settings, name, models, dataset, denoiserDtype },
          }),
          ...planFacts(indices, shard),
          notes: { device: facts.deviceName, torch: facts.torch, batch: options.batch, ...options.notes },
        },
      })),
    )
    const work = own.map(index => ({ index, without: logs.armsWithout(index) }))
    for (const { index, without } of work) {
      if (without.length === 0) onImage?.(++done, { index, rows: logs.rowsOf(index), isNew: false })
    }
    const { certifiedSigma: sigma, alpha } = statement
    const adaptive = settings && adaptiveCertification(settings, { sigma, alpha, n })
    const batch = new BatchSize(options.batch, options)
    const results = oneAhead(
      work.filter(({ without }) => without.length > 0),
      async ({ index, without }) => {
        const classifiers = without.flatMap(arm => networks.classifiers[arm] ?? [])
        const smoothing = smoothingOf(denoiser, statement, { ...options, classifiers })
        const image = { ...options, ...statement, index, batch, adaptive }
        return { index, without, ...(await certifyDatasetImage(smoothing, dataset, image)) }
      },
      { signal },
    )
    let lastMs = performance.now()
    for await (const { index, without, label, certificates } of results) {
      const durationMs = (performance.now() - lastMs) / without.length
      lastMs = performance.now()
      for (const [position, certificate] of certificates.entries()) {
        const { prediction, radius } = certificate
        const entry = { index, label, prediction, radius, durationMs, counts: certificate }
        await logs.append(without[position] ?? -1, entry)
      }
      onImage?.(++done, { index, rows: logs.rowsOf(index), isNew: true })
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error
    throw new InterruptedError(String(signal.reason), {
      what: `Stopped with ${done} of ${own.length} images certified.`,
      remedy: 'The same command goes on from there.',
    })
  } finally {
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
