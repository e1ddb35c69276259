import { join } from 'node:path'
import { z } from 'zod'
import type { SessionInfo } from '../bridge'
import type { HookTraces } from '../config/hook-trace'
import type { AnyRunConfig } from '../config/schema'
import { fileHash } from '../files/hash'
import { packageVersion } from '../files/package-version'
import { readJson } from '../files/read-json'
import type { JsonObject } from '../logs/certification-log-metadata'
import type { ObjectiveDescription } from '../objectives/description'
import type { TrainedNetworks } from '../objectives/objective'
import type { RunData } from '../smoothing/data-identity'
import { type CertifiedNetworks, provenanceOf } from '../smoothing/load-networks'
import type { Sanity } from '../smoothing/sanity'
import { denoiserOf, type Smoothing } from '../smoothing/smoothing'
import { classifierSpec } from '../smoothing/specs'
import { STREAMS_VERSION } from '../streams'

export interface RunDescription {
  readonly config: AnyRunConfig
  readonly objective: ObjectiveDescription
  /** Source of the off-the-shelf weights, and SHA-256 of the other files in the settings of the method, by field. */
  readonly weights: CertifiedNetworks['provenance'] & { readonly files?: Readonly<Record<string, string>> }
  /** Functions of the script that affect training, by name and parameters. */
  readonly hooks: HookTraces
  /** Description of the images. */
  readonly data: RunData
  /** Result of the classifier on clean test images before the first update; absent if not measured. */
  readonly sanity?: Sanity | JsonObject
  /** Version of the rule that derives its random numbers from their names. */
  readonly streams: number
  readonly versions: { readonly ftCadis: string; readonly node: string; readonly torch: string }
  readonly python: SessionInfo
  readonly commit: string | null
  readonly startedAt: string
}

/** Returns the content of `config.json`: the configuration, with the environment and weights of the run. */
export async function describeRun(
  { networks, smoothing }: { networks: TrainedNetworks; smoothing: Smoothing },
  {
    files,
    ...described
  }: Pick<RunDescription, 'config' | 'objective' | 'hooks' | 'data' | 'sanity'> & {
    /** Paths of the files in the settings of the method, by field. */
    readonly files: Readonly<Record<string, string>>
  },
): Promise<RunDescription> {
  const { config } = described
  const { classifier } = networks
  const { session } = classifier
  const weights = await provenanceOf(
    session,
    { denoiser: denoiserOf(smoothing), classifier },
    { smoothing: config.smoothing, spec: classifierSpec(config.classifier, config.tuning) },
  )
  const hashes = await Promise.all(
    Object.entries(files).map(async ([field, path]) => [field, await fileHash(path)] as const),
  )
  const { execa } = await import('execa')
  const git = await execa('git', ['rev-parse', 'HEAD'], { reject: false })
  return {
    ...described,
    weights: { ...weights, ...(hashes.length > 0 && { files: Object.fromEntries(hashes) }) },
    streams: STREAMS_VERSION,
    versions: {
      ftCadis: packageVersion(),
      node: process.versions.node,
      torch: session.info.torch,
    },
    python: session.info,
    commit: git.failed ? null : git.stdout,
    startedAt: new Date().toISOString(),
  }
}

const recorded = z.object({ sanity: z.record(z.string(), z.json()).optional() })

/** Returns the measurement before the first update of the run in a folder, if there is one. */
export async function recordedSanity(folder: string): Promise<JsonObject | undefined> {
  return (await readJson(join(folder, 'config.json'), { schema: recorded }))?.sanity as JsonObject | undefined
}
