import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { type HookTraces, hookTracesSchema } from '../config/hook-trace'
import { type CertificationRunConfig, parseCertificationConfig } from '../config/schema'
import { CheckpointError, ConfigError } from '../errors'
import { exists } from '../files/exists'
import { fileHash } from '../files/hash'
import { packageVersion } from '../files/package-version'
import { readJson } from '../files/read-json'
import { writeDurably } from '../files/write'
import type { DatasetDescription, Provenance } from '../torch'
import { type RunData, runDataSchema } from './data-identity'
import { levelOf, type Smoothing } from './smoothing'

const FILE = 'smoothed.json'

/** The identity of a network's weights, see `hashesOf` and `folderHashes`; null without a network. */
const hashes = z.custom<Provenance | null>(value => typeof value === 'object')

const smoothedSchema = z.object({
  format: z.literal(1),
  /** The smoothing, its data, and the settings for certification. */
  config: z.unknown(),
  /** The noise of the denoiser's timestep; both null without a denoiser. */
  noise: z.object({ timestep: z.int().nullable(), realisedSigma: z.number().nullable() }),
  /** Channels, height and width of the denoiser's input. */
  imageShape: z.tuple([z.int(), z.int(), z.int()]),
  classes: z.array(z.string()),
  /** The data for training and evaluation; absent without training, and in earlier versions. */
  data: runDataSchema.optional(),
  /** A script's functions that affected training; absent without training, and in earlier versions. */
  hooks: hookTracesSchema.optional(),
  weights: z.object({ denoiser: hashes, classifier: hashes, checkpoint: hashes }),
  versions: z.record(z.string(), z.string()),
})

/** The description of a smoothed classifier in a folder: enough to load and verify it. */
export type Smoothed = Omit<z.output<typeof smoothedSchema>, 'format' | 'config'> & {
  readonly config: CertificationRunConfig
}

export interface SmoothedMetadata {
  /** From `certificationOf` for a run's configuration. `checkpoint` and `output` are replaced by the folder. */
  readonly config: CertificationRunConfig
  readonly smoothing: Smoothing
  /** The test images of `config.data`. */
  readonly dataset: Pick<DatasetDescription, 'classes' | 'imageShape'>
  /** The sources of the networks in `config`, from `torch.provenance`. */
  readonly weights: { readonly denoiser: Provenance | null; readonly classifier: Provenance }
  /** The data for training and evaluation. */
  readonly data?: RunData | undefined
  /** A script's functions that affected training. */
  readonly hooks?: HookTraces | undefined
  /** Versions besides this package's and Node's. */
  readonly versions?: Readonly<Record<string, string>>
}

/**
 * Writes `smoothed.json` beside the weights of a checkpoint, which must be in the folder already. It describes the smoothed classifier that
 * certificates of this checkpoint refer to. The folder may be moved or renamed.
 *
 * @throws ConfigError if the smoothing has another sigma than the configuration
 */
export async function writeSmoothed(folder: string, metadata: SmoothedMetadata): Promise<void> {
  const { config, smoothing, dataset, data, hooks, weights, versions = {} } = metadata
  if (smoothing.sigma !== config.smoothing.sigma) {
    throw new ConfigError(
      `The smoothing has sigma ${smoothing.sigma}, but the configuration ${config.smoothing.sigma}.`,
      { remedy: 'Make the smoothing of the sigma of the configuration.' },
    )
  }
  const { device: _device, threads: _threads, output: _output, ...lasting } = config
  const content = {
    format: 1,
    config: { ...(await withFullPaths(lasting)), checkpoint: '.' },
    noise: noiseOf(smoothing),
    imageShape: dataset.imageShape,
    classes: dataset.classes,
    data,
    hooks,
    weights: {
      denoiser: weights.denoiser === null ? null : hashesOf(weights.denoiser),
      classifier: hashesOf(weights.classifier),
      checkpoint: await folderHashes(folder),
    },
    versions: { ftCadis: packageVersion(), node: process.versions.node, ...versions },
  }
  await writeDurably(join(folder, FILE), `${JSON.stringify(content, null, 2)}\n`)
}

/**
 * Reads `smoothed.json` from a folder; undefined if it does not exist.
 *
 * @throws CheckpointError if it cannot be used
 */
export async function readSmoothed(folder: string): Promise<Smoothed | undefined> {
  const path = join(folder, FILE)
  const content = await readJson(path, {
    schema: smoothedSchema,
    refuse: (reason, cause) => refuse(path, `it ${reason}`, cause),
  })
  if (content === undefined) return undefined
  const { format: _, config, ...metadata } = content
  let whole: CertificationRunConfig
  try {
    whole = parseCertificationConfig({ ...(config as object), output: resolve(folder) })
  } catch (cause) {
    throw refuse(path, (cause as Error).message, cause)
  }
  const { checkpoint } = whole
  return {
    ...metadata,
    config: { ...whole, ...(checkpoint !== undefined && { checkpoint: resolve(folder, checkpoint) }) },
  }
}

function noiseOf(smoothing: Smoothing): Smoothed['noise'] {
  const level = levelOf(smoothing)
  return { timestep: level?.timestep ?? null, realisedSigma: level?.realisedSigma ?? null }
}

/** Returns the identity of weights, independent of their folder. */
export function hashesOf({ path: _path, published: _published, code, ...identity }: Provenance): Provenance {
  const source = code as { readonly sha256?: string } | undefined
  return { ...identity, ...(source?.sha256 !== undefined && { code: source.sha256 }) }
}

/** Returns the SHA-256 of the weights in a checkpoint's folder and of the scaling of adapters, without the optimizer's state. */
export async function folderHashes(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(folder)).filter(name =>
    /^((adapter_)?model.*\.safetensors|pytorch_model.*\.bin|adapter_config\.json)$/.test(name),
  )
  return Object.fromEntries(
    await Promise.all(names.sort().map(async name => [name, await fileHash(join(folder, name))] as const)),
  )
}

const CLASSIFIER_PATHS = ['path', 'file', 'adapter']

type Lasting = Omit<CertificationRunConfig, 'device' | 'threads' | 'output'>

/** Returns the configuration with absolute paths for those that exist; others are ids on the hub. */
async function withFullPaths({
  smoothing,
  classifier,
  data,
  aces,
  router,
  ...others
}: Lasting): Promise<Lasting> {
  const networks = await Promise.all(
    Object.entries(aces ?? {}).map(async ([role, network]) => [
      role,
      network && { ...network, classifier: await withFull(network.classifier, CLASSIFIER_PATHS) },
    ]),
  )
  return {
    ...others,
    ...(aces !== undefined && { aces: Object.fromEntries(networks) }),
    ...(router !== undefined && { router: await withFullRouter(router) }),
    smoothing: { ...smoothing, denoiser: await withFull(smoothing.denoiser, ['path']) },
    classifier: await withFull(classifier, CLASSIFIER_PATHS),
    data: await withFull(data, ['path']),
  }
}

async function withFullRouter({
  network,
  others,
}: NonNullable<Lasting['router']>): Promise<NonNullable<Lasting['router']>> {
  return {
    network: { ...network, classifier: await withFull(network.classifier, CLASSIFIER_PATHS) },
    others: await Promise.all(others.map(other => withFull(other, ['path', 'checkpoint']))),
  }
}

async function withFull<T extends object>(fields: T, names: readonly string[]): Promise<T> {
  const entries = await Promise.all(
    Object.entries(fields).map(async ([name, value]) => {
      const isPath = names.includes(name) && typeof value === 'string' && (await exists(value))
      return [name, isPath ? resolve(value) : value] as const
    }),
  )
  return Object.fromEntries(entries) as T
}

function refuse(path: string, reason: string, cause: unknown): CheckpointError {
  return new CheckpointError(`${path} does not describe a smoothed classifier: ${reason}.`, {
    remedy:
      'Restore it; or remove it if the folder belongs to a run, whose configuration then says the same.',
    cause,
  })
}
