import { basename, join } from 'node:path'
import type { Session } from '../../bridge'
import { type AnyRunConfig, parseStoredConfig } from '../../config/schema'
import { ConfigError } from '../../errors'
import { readLatestMetrics } from '../../runs/read-metrics'
import { certificationLogsIn, readRunMetadata, readStatus } from '../../runs/read-run'
import { nameOfClassifier } from '../../smoothing/name-of'
import { datasetSpec } from '../../smoothing/specs'
import { openDataset } from '../../torch'
import { shellWord } from '../shell-word'
import { nextCommands } from '../train/end'

/** The run in a folder. */
export interface InspectedRun {
  readonly kind: 'run'
  readonly method: string
  readonly state: string
  readonly epoch: number
  readonly epochs: number
  readonly sigma: number
  /** Source of the denoiser, and its path if it has one. */
  readonly denoiser: string
  readonly classifier: string
  readonly data: string
  readonly classes: readonly string[] | null
  /** Number of images; null in runs of earlier versions. */
  readonly images: { readonly train: number; readonly test: number } | null
  /** Names of the certification logs in the folder. */
  readonly logs: readonly string[]
  /** Commands that take it. */
  readonly next: readonly string[]
}

/** Sources whose images are files. */
const SOURCES_OF_FILES = ['folder', 'imagenet']

/** Reads what a run is, without Python. Throws as `readRunMetadata` and `readLatestMetrics`. */
export async function inspectRun(folder: string): Promise<InspectedRun> {
  const metadata = await readRunMetadata(folder)
  const { latest } = await readLatestMetrics(join(folder, 'metrics.jsonl'))
  const config = parseStoredConfig(metadata.config)
  const { smoothing, classifier, data, method } = config
  const images = metadata.data
  const logs = await certificationLogsIn(folder)
  const word = shellWord(folder)
  return {
    kind: 'run',
    method: method.kind,
    state: (await readStatus(folder)).condition,
    epoch: latest?.epoch ?? 0,
    epochs: latest?.epochs ?? config.optimisation.epochs,
    sigma: smoothing.sigma,
    denoiser: placed(smoothing.denoiser),
    classifier: nameOfClassifier(classifier),
    data: placed(data),
    classes: images?.test.classes ?? null,
    images: images === undefined ? null : { train: images.train.images, test: images.test.images },
    logs: logs.map(path => basename(path)),
    next: [
      `metrics:    npx ft-cadis report ${word}`,
      ...nextCommands({ ...config, output: folder }, { isCertified: logs.length > 0 }),
      ...(SOURCES_OF_FILES.includes(data.source)
        ? [`files:      npx ft-cadis inspect ${word} --test-files`]
        : []),
    ],
  }
}

/**
 * Returns the files of the test images of a run, in the order of its certification logs.
 *
 * @throws ConfigError if its images are not files
 */
export async function testFilesOf(session: Session, folder: string): Promise<readonly string[]> {
  const { data } = parseStoredConfig((await readRunMetadata(folder)).config)
  const dataset = await openDataset(session, datasetSpec(data, 'test'))
  try {
    const indices = Array.from({ length: dataset.description.length }, (_, index) => index)
    const files = await session.compute(() => dataset.paths(indices))
    if (files !== null) return files
  } finally {
    session.free(dataset)
  }
  throw new ConfigError(`The images of ${data.source} are not single files.`, {
    remedy: 'Leave out --test-files.',
  })
}

function placed(section: AnyRunConfig['data'] | AnyRunConfig['smoothing']['denoiser']): string {
  const { source, path } = { path: undefined, ...section }
  return path === undefined ? source : `${source}: ${path}`
}
