import { basename } from 'node:path'
import type { Session } from '../../bridge'
import { type AnyRunConfig, parseStoredConfig } from '../../config/schema'
import { ConfigError } from '../../errors'
import { readRun } from '../../runs/read-run'
import { nameOfClassifier } from '../../smoothing/name-of'
import { datasetSpec } from '../../smoothing/specs'
import { openDataset } from '../../torch'

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
}

/** Reads what a run is, without Python. Throws as `readRun`. */
export async function inspectRun(folder: string): Promise<InspectedRun> {
  const { metadata, status, updates, certificationLogs } = await readRun(folder)
  const config = parseStoredConfig(metadata.config)
  const { smoothing, classifier, data, method } = config
  const images = metadata.data
  const last = updates.at(-1)
  return {
    kind: 'run',
    method: method.kind,
    state: status.condition,
    epoch: last?.epoch ?? 0,
    epochs: last?.epochs ?? config.optimisation.epochs,
    sigma: smoothing.sigma,
    denoiser: placed(smoothing.denoiser),
    classifier: nameOfClassifier(classifier),
    data: placed(data),
    classes: images?.test.classes ?? null,
    images: images === undefined ? null : { train: images.train.images, test: images.test.images },
    logs: certificationLogs.map(path => basename(path)),
  }
}

/**
 * Returns the files of the test images of a run, in the order of its certification logs.
 *
 * @throws ConfigError if its images are not files
 */
export async function testFilesOf(session: Session, folder: string): Promise<readonly string[]> {
  const { data } = parseStoredConfig((await readRun(folder)).metadata.config)
  const dataset = await openDataset(session, datasetSpec(data, 'test'))
  try {
    const indices = Array.from({ length: dataset.description.length }, (_, index) => index)
    const files = await session.compute(() => dataset.paths(indices))
    if (files !== null) return files
  } finally {
    session.free(dataset)
  }
  throw new ConfigError(`The images of ${data.source} are not files of their own.`, {
    remedy: 'Leave out --test-files.',
  })
}

function placed(section: AnyRunConfig['data'] | AnyRunConfig['smoothing']['denoiser']): string {
  const { source, path } = { path: undefined, ...section }
  return path === undefined ? source : `${source}: ${path}`
}
