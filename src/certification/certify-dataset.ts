import { problemsOfPurifiedEnsemble } from '../config/certified/purify-schema'
import type { CertificationConfig } from '../config/schema'
import { ConfigError, InterruptedError } from '../errors'
import { ArmLogs } from '../logs/arm-logs'
import { type CertifiedImage, rowOf } from '../logs/certification-log'
import type { JsonObject } from '../logs/certification-log-metadata'
import { earlierRows } from '../logs/earlier-rows'
import { dealt, planMetadata, type Shard } from '../logs/shards'
import { toSymmetric } from '../smoothing/denoise'
import { withFixedSensitivity } from '../smoothing/first-layer'
import { passesOfCopy, purificationOf } from '../smoothing/purification'
import type { Smoothing } from '../smoothing/smoothing'
import { type Classifier, type Dataset, digest, select, type Tensor } from '../torch'
import { firstLine, linesOf, loggedProcedure, lookedOf, scalesOf } from './arm-lines'
import { type ArmNetworks, prepareArms } from './arm-networks'
import { requireLoggedImages } from './check-logged-images'
import { configurationOf } from './log-configuration'
import { drawnNoise } from './noise'
import { certifiersOf, type ProcedureSettings, procedureOf } from './procedure'
import { certifyImages } from './queue/certify-images'
import { passSizeOf } from './queue/pass-size'
import { requireCertifiable } from './require-certifiable'
import type { EnsembleVote } from './voters'

/** A base classifier to certify, and the destination of its rows. */
export interface CertifiedArm {
  readonly classifier: Classifier
  /** Other classifiers that vote with it as one, and how. Default: none. */
  readonly ensemble?: (EnsembleVote & { readonly others: readonly Classifier[] }) | undefined
  /** The networks of ACES besides the classifier. Default: its entropy selects, without a core. */
  readonly aces?: Pick<ArmNetworks, 'selector' | 'core'> | undefined
  /** For a router: the network that chooses, and the experts of the other noise levels; `classifier` is that of the smallest. */
  readonly router?: { readonly network: Classifier; readonly others: readonly Classifier[] } | undefined
  /** Path of the log; `<log>.json` beside it records how its rows were certified. */
  readonly log: string
  /** Identity of the classifier: it determines the rows, so it is part of the log's configuration. */
  readonly name: string
  /** Hashes of the weights of classifier and denoiser, which also determine the rows. */
  readonly models?: JsonObject
  /** Other logs of the same configuration, whose rows are reused. */
  readonly earlier?: readonly string[]
}

export interface CertifyDatasetOptions {
  /** How to certify images. `indices` replaces its `images`. */
  readonly certification: CertificationConfig
  /** Positions of the images in the data set, in the order of certification. */
  readonly indices: readonly number[]
  /** Certifies only this share of `indices`. Name the logs by `shardPath`. */
  readonly shard?: Shard | undefined
  /** Properties of the data that determine rows, for the logs: source and crop of the images. */
  readonly data?: JsonObject
  /** Information that does not affect rows, for the logs. */
  readonly notes?: JsonObject
  /** Called once networks and data are checked, before any image is certified: its result is added to the logs' notes. */
  readonly beforeImages?: (() => Promise<JsonObject>) | undefined
  /** Stops at once: drops the images in progress; the logs stay valid. */
  readonly signal?: AbortSignal | undefined
  /** Largest number of images that share passes; does not affect rows. Default: as many as fill passes. */
  readonly imagesAtWork?: number | undefined
  /** Called after each image with the number of completed images. Images already in the logs count at once. */
  readonly onImage?: (done: number, image: CertifiedImage) => void
  /** Called about once a second with the number of votes on the next image's noisy copies, and the number requested. */
  readonly onCopies?: ((copies: number, of: number) => void) | undefined
  /** Called with events that do not change the result, for example a smaller batch. */
  readonly onNote?: (note: string) => void
}

/**
 * Certifies images of a data set with one or several base classifiers that share the noisy images. Every arm has its own log; a row is on
 * disk when its image is done. Skips images that every log already holds. An image in only some of the logs is certified again for the
 * others, with the same noise and therefore the same result.
 *
 * Rows are bit-identical on one device, whatever the order, shards and interruptions. A batch that does not fit into memory is halved,
 * which affects only rounding inside the networks.
 *
 * @throws ConfigError if a log was started with another configuration or other images or is being written, or a head does not fit the data
 *   or has other classes; as `requireCertifiable` and `guaranteeOf`
 * @throws InterruptedError if `signal` is aborted; the logs are valid and can be continued
 */
export async function certifyDataset(
  given: { smoothing: Smoothing; dataset: Dataset; arms: readonly CertifiedArm[] },
  options: CertifyDatasetOptions,
): Promise<void> {
  const { certification, indices, shard, signal, onImage, data } = options
  const { n0, n, seed, autocast } = certification
  const { dataset, arms } = given
  const smoothing = { ...(await withFixedSensitivity(given.smoothing)), autocast }
  const { session } = dataset
  const own = shard === undefined ? indices : dealt(indices, shard)
  const images = indices.length
  requireCertifiable(certification, { sigma: smoothing.sigma, images })
  const procedure = procedureOf(certification, smoothing)
  const scales = scalesOf(procedure, smoothing, { ...certification, images })
  const [guarantee] = scales
  const { bound } = guarantee
  const values = dataset.description.imageShape.reduce((product, size) => product * size, 1)
  const drawn = drawnNoise(certification, { smoothing, guarantee, values })
  const purification = purificationOf(certification.purify, smoothing)
  requireArms(procedure, certification, arms)
  const networks = await prepareArms(
    session,
    { smoothing, arms: arms.map(networksOf) },
    { certification, dataset, example: () => pixelsOf(dataset, 0).image_CHW },
  )
  const noise = drawn.begin(session)
  let done = 0
  try {
    // For the whole plan: shards and resumed runs have passes of the same size.
    const lines = linesOf(procedure, { scales, noise, purification, arms: networks.arms, images, n0, n })
    const pass = passSizeOf({
      batch: certification.batch,
      copies: lines[firstLine(procedure)]?.copies ?? certification.batch,
    })
    const found = await options.beforeImages?.()
    const { info } = session
    const identity = await session.compute(() => dataset.identity())
    const configured = networks.arms.map((ready, place) => {
      const arm = arms[place] as CertifiedArm
      const configuration = configurationOf(certification, {
        ...{ smoothing, guarantee, bound, images, dataset, identity, noise: drawn.logged },
        procedure: loggedProcedure(procedure, { scales, arm: ready }),
        ...{ denoiserDtype: networks.denoiserDtype, name: arm.name, models: arm.models, data },
      })
      return { ...arm, configuration }
    })
    await using logs = await ArmLogs.open(
      configured.map(({ log, configuration }) => ({
        path: log,
        metadata: {
          configuration,
          ...planMetadata(indices, shard),
          notes: {
            ...{ device: info.deviceName, torch: info.torch, batch: certification.batch, pass },
            ...(purification.kind !== 'once' && {
              passesOfCopy: { ...passesOfCopy(purification, smoothing) },
            }),
            ...options.notes,
            ...found,
          },
        },
      })),
    )
    for (const [arm, { earlier = [], configuration }] of configured.entries()) {
      await logs.takeOver(arm, { from: await earlierRows(earlier, { configuration, indices }), images: own })
    }
    for (const [arm, { log }] of arms.entries()) {
      if (!logs.saysData(arm)) options.onNote?.(dataUnknown(log))
    }
    if (drawn.note !== undefined) options.onNote?.(drawn.note)
    const logged = arms.map(({ log }, arm) => ({ log, rows: logs.rowsOfArm(arm) }))
    await requireLoggedImages(dataset, logged, options)
    const work = own.map(index => ({ index, without: logs.armsWithout(index) }))
    for (const { index, without } of work) {
      if (without.length > 0) continue
      done += 1
      onImage?.(done, { index, rows: logs.rowsOf(index), isNew: false })
    }
    const certifierOf = certifiersOf(procedure, {
      ...{ ...drawn, bound, scales: scales.map(scale => scale.bound), n0, n },
      randomised: certification.confidence === 'randomised',
    })
    const certifiers = networks.arms.map((arm, place) => certifierOf(lookedOf(place, arm)))
    const results = certifyImages(
      session,
      work.filter(({ without }) => without.length > 0),
      ({ index, without }) => ({
        ...datasetImage(dataset, { index, seed }),
        certifiers: without.flatMap(arm => certifiers[arm] ?? []),
      }),
      {
        ...{ lines, batch: certification.batch, images: options.imagesAtWork, signal },
        ...{ onCopies: options.onCopies, onNote: options.onNote },
      },
    )
    for await (const { item, beside: said, outcomes, ...took } of results) {
      const { index, without } = item
      const durationMs = took.durationMs / without.length
      const image = { index, label: said.labels[0] ?? -1, digest: said.digest, durationMs }
      for (const [position, outcome] of outcomes.entries()) {
        await logs.append(without[position] ?? -1, rowOf(image, outcome))
      }
      done += 1
      onImage?.(done, { index, rows: logs.rowsOf(index), isNew: true })
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error
    throw new InterruptedError(String(signal.reason), {
      what: `Stopped with ${done} of ${own.length} images certified.`,
      remedy: 'The same command continues from there.',
    })
  } finally {
    session.free([networks.classifiers, noise])
  }
}

function networksOf({ classifier, ensemble, aces, router }: CertifiedArm): ArmNetworks {
  const others = ensemble?.others ?? router?.others ?? []
  return { members: [classifier, ...others], ensemble, ...aces, router: router?.network }
}

/**
 * @throws ConfigError if arms have networks that the procedure does not use, or lack some that it does; if ACES or PixelDP by scores gets
 *   an ensemble; or if copies of a consensus vote several times
 */
function requireArms(
  procedure: ProcedureSettings,
  { purify }: Pick<CertificationConfig, 'purify'>,
  arms: readonly CertifiedArm[],
): void {
  const { kind } = procedure
  const by = kind === 'pixel-dp' ? procedure.by : undefined
  const experts = procedure.kind === 'router' ? procedure.sigmas.length : 0
  for (const { name, aces, ensemble, router } of arms) {
    const given = router === undefined ? 0 : router.others.length + 1
    if (given !== experts || (experts > 0 && ensemble !== undefined)) {
      throw new ConfigError(
        `The arm ${name} has ${given === 0 ? 'no router' : `a router of ${given} experts`}${ensemble === undefined ? '' : ' and an ensemble'}, and the procedure is ${kind}${experts > 0 ? ` between ${experts}` : ''}.`,
        { remedy: 'Give the networks of the procedure, an expert for each of its noise levels.' },
      )
    }
    if (kind !== 'aces' && aces !== undefined) {
      throw new ConfigError(`The classifier ${name} has networks of ACES, and the procedure is ${kind}.`, {
        remedy: "Set certification.procedure.kind to 'aces', or leave the networks out.",
      })
    }
    if (kind === 'pixel-dp' && by === 'scores' && ensemble !== undefined) {
      throw new ConfigError(`PixelDP by scores takes one classifier, and ${name} is an ensemble.`, {
        remedy: "Certify a member, or leave out procedure.by: 'scores'.",
      })
    }
    if (kind === 'aces' && ensemble !== undefined) {
      throw new ConfigError(`ACES takes one classifier, and ${name} is an ensemble.`, {
        remedy: 'Certify a member, or take another procedure.',
      })
    }
    const [problem] = problemsOfPurifiedEnsemble({ purify, ensemble })
    if (problem !== undefined) {
      throw new ConfigError(`The classifier ${name}: ${problem.path}: ${problem.message}.`, {
        remedy: 'Leave the consensus out, or let each copy vote once.',
      })
    }
  }
}

/** Records an image of a data set. */
function datasetImage(dataset: Dataset, { index, seed }: { readonly index: number; readonly seed: number }) {
  return dataset.session.scope(() => {
    const { image_CHW, labels_B } = pixelsOf(dataset, index)
    return {
      image_CHW: toSymmetric(image_CHW),
      stream: [seed, 'certify', index],
      beside: { labels: labels_B, digest: digest(image_CHW) },
    }
  })
}

function dataUnknown(log: string): string {
  return `${log} is of an earlier version: its rows are compared with the images, but nothing says of which classes and how many other images it was.`
}

/** Returns one image in [0, 1]. */
function pixelsOf(
  dataset: Dataset,
  index: number,
): { readonly image_CHW: Tensor<'CHW'>; readonly labels_B: Tensor<'B'> } {
  const { images_BCHW, labels_B } = dataset.images([index])
  return { image_CHW: select(images_BCHW, 'B', 0), labels_B }
}
