import { join } from 'node:path'
import type { Session } from '../bridge'
import { sourceOfData } from '../config/data-schema'
import type { CertificationRunConfig, DataConfig } from '../config/schema'
import { isFile } from '../files/exists'
import { packageVersion } from '../files/package-version'
import { type CertificationLog, readCertificationLog } from '../logs/certification-log-file'
import type { JsonObject } from '../logs/certification-log-metadata'
import { type CertificationWatcher, watchedBy } from '../logs/certification-watcher'
import { type Shard, shardPath } from '../logs/shards'
import { smoothedOf } from '../runs/smoothed-of-folder'
import { requireSameClasses } from '../smoothing/check-classes'
import { configuredSmoothing, imageKindOf, ownedBy } from '../smoothing/first-layer'
import { type CertifiedNetworks, loadNetworks } from '../smoothing/load-networks'
import { nameOf } from '../smoothing/name-of'
import { notesOnChoice, notesOnInputRange, notesOnSigma } from '../smoothing/notes'
import { sanityOf } from '../smoothing/sanity'
import { type SmoothedInput, unsaidOf } from '../smoothing/smoothed-input'
import type { Smoothing } from '../smoothing/smoothing'
import { datasetSpec } from '../smoothing/specs'
import { certificationProgress } from '../terminal/certification-progress'
import { isShown, loadingLine } from '../terminal/progress'
import { openDataset } from '../torch'
import { classifiersOf } from './arm-networks'
import { certifyDataset } from './certify-dataset'
import { chooseImages } from './choose-images'
import { modelsOf } from './models-of'
import { fixedCopies, procedureOf } from './procedure'
import { requireCertifiable } from './require-certifiable'

export interface CertifyOptions extends CertificationWatcher {
  /** Path of the log; `shardPath` derives a shard's path from it. Default: `defaultLogPath` of the settings. */
  readonly log?: string | undefined
  /** Certifies only this share of the images. */
  readonly shard?: Shard | undefined
  /** Logs whose rows are reused for images that the own log lacks. The own log may be among them. */
  readonly earlier?: readonly string[] | undefined
  /** Stops at once: drops the images in progress; the log stays valid. */
  readonly signal?: AbortSignal | undefined
  /**
   * Whether to measure the classifier on 200 clean test images first. If it does badly, a note gives the likely cause; the log's notes
   * record the result. No row depends on it. Skipped if a log is continued. Default false.
   */
  readonly sanity?: boolean | undefined
  /** Whether to show progress on stderr, in the first process only. Default: if stderr is a terminal. */
  readonly progress?: boolean | undefined
}

/**
 * Certifies the test images that the settings choose, or continues an earlier certification: loads networks and data, certifies, and
 * returns the log. The file beside the log records everything that determines its rows, with hashes of the weights.
 *
 * @throws as `loadNetworks`, `chooseImages`, `requireCertifiable` and `certifyDataset`
 */
export async function certify(
  session: Session,
  input: SmoothedInput,
  { log, shard, earlier = [], signal, sanity = false, progress, ...hooks }: CertifyOptions = {},
): Promise<CertificationLog> {
  const known = await smoothedOf(input)
  const { config, weights: expected, classes } = known
  const whole = log ?? defaultLogPath(config)
  const path = shard === undefined ? whole : shardPath(whole, shard)
  const isBegun = await isFile(path)
  const { certification, smoothing } = config
  const isWatched = session.launch.rank === 0 && isShown(progress)
  const shown = {
    radii: [0, smoothing.sigma],
    copiesPerImage: fixedCopies(procedureOf(certification, smoothing), certification),
  }
  const watcher = watchedBy([...(isWatched ? [certificationProgress(shown)] : []), hooks])
  using loading = loadingLine({ isShown: isWatched })
  using _compiling = session.watchCompiling(watcher.onCompiling)
  loading.show(`loading the test images of ${config.data.source}`)
  const dataset = await openDataset(session, datasetSpec(config.data, 'test'))
  let networks: CertifiedNetworks | undefined
  let smoothed: Smoothing | undefined
  try {
    if (classes !== undefined) requireSameClasses({ names: classes, areOfData: true }, dataset.description)
    const indices = await chooseImages(dataset, certification)
    requireCertifiable(certification, { sigma: smoothing.sigma, images: indices.length })
    loading.show(`loading the networks of ${nameOf(config)}`)
    networks = await loadNetworks(session, config, { expected })
    loading.end()
    const { denoiser, classifier, others, selector, core, router, provenance } = networks
    const unsaid = unsaidOf(known)
    const notes = [
      ...(unsaid === undefined ? [] : [unsaid]),
      ...dataset.description.notes,
      ...(await notesOnChoice(dataset, indices)),
      ...(await notesOnInputRange(config)),
      ...notesOnSigma(smoothing),
    ]
    watcher.onStart(
      shard === undefined ? indices.length : Math.ceil((indices.length - shard.number + 1) / shard.of),
    )
    for (const note of notes) watcher.onNote(note)
    smoothed = await configuredSmoothing(smoothing, { denoiser, classifier, images: imageKindOf(dataset) })
    await certifyDataset(
      {
        smoothing: smoothed,
        dataset,
        arms: [
          {
            ...{ classifier, log: path, name: nameOf(config), models: modelsOf(config, networks) },
            ensemble: config.ensemble && {
              ...config.ensemble,
              others: others.map(member => member.classifier),
            },
            router: router && {
              network: router.classifier,
              others: others.map(member => member.classifier),
            },
            aces: config.aces && { selector: selector?.classifier, core: core?.classifier },
            earlier: earlier.filter(other => other !== path),
          },
        ],
      },
      {
        ...{ certification, indices, shard, signal },
        data: imagesOf(config.data),
        notes: {
          chosen: certification.images,
          models: {
            ...provenance,
            ...(others.length > 0 && { others: others.map(member => member.provenance) }),
            ...(selector !== undefined && { selector: selector.provenance }),
            ...(core !== undefined && { core: core.provenance }),
            ...(router !== undefined && { router: router.provenance }),
          },
          checkpoint: config.checkpoint ?? null,
          dataset: 'path' in config.data ? config.data.path : null,
          versions: {
            ftCadis: packageVersion(),
            node: process.versions.node,
            python: session.info.python,
            cuda: session.info.cuda,
          },
        },
        beforeImages: async () => {
          if (!sanity || isBegun) return {}
          const found = await sanityOf(
            { classifier, dataset },
            {
              inputRange: config.classifier.inputRange,
              seed: certification.seed,
              batch: certification.batch,
              isTrainedOnNoise: config.checkpoint !== undefined && denoiser === null,
            },
          )
          if (found.note !== null) watcher.onNote(found.note)
          return { sanity: { ...found } }
        },
        onImage: watcher.onImage,
        onCopies: watcher.onCopies,
        onNote: watcher.onNote,
      },
    )
  } finally {
    watcher.onEnd()
    session.free([
      ...[dataset, networks?.denoiser, networks && classifiersOf(networks), smoothed && ownedBy(smoothed)],
    ])
  }
  return readCertificationLog(path)
}

/** Returns the data settings that determine the images. */
function imagesOf(data: DataConfig): JsonObject {
  return { source: data.source, ...sourceOfData(data).imageSettings?.(data) }
}

/**
 * Returns the default path of a certification's log: in the folder of its run, named by the noise level.
 *
 * @param checkpoint - Name of a checkpoint that was chosen among several; becomes part of the log's name.
 */
export function defaultLogPath(
  { output, smoothing, certification }: CertificationRunConfig,
  checkpoint?: string,
): string {
  const what = certification.procedure.kind === 'router' ? ['router'] : ['sigma', smoothing.sigma]
  const parts = [...(checkpoint === undefined ? [] : [checkpoint]), ...what]
  return join(output, `certify-${parts.join('-')}.tsv`)
}
