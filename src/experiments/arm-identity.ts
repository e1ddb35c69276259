import { stat } from 'node:fs/promises'
import { fieldDifferences } from '../config/differences'
import { type CertificationRunConfig, certificationOf } from '../config/schema'
import { isFile, isFolder } from '../files/exists'
import { fileHash } from '../files/hash'
import { isObject } from '../files/read-json'
import type { CertificationLog } from '../logs/certification-log-file'
import type { JsonObject } from '../logs/certification-log-metadata'
import { findCheckpoint } from '../runs/find-checkpoint'
import { folderHashes, readSmoothed } from '../smoothing/smoothed-file'
import { memberSeeds, type ResolvedArm, seedFolder } from './arms'

/** Returns the identity of an arm's networks for its log's configuration: SHA-256 of their weights, independent of their paths. */
export async function modelsOfArm(arm: ResolvedArm, seed: number): Promise<JsonObject> {
  if (arm.router !== undefined) {
    const own = await modelsOfArm({ ...arm, router: undefined }, seed)
    const [first, ...others] = await Promise.all(arm.router.experts.map(expert => modelsOfArm(expert, seed)))
    return { ...first, router: { network: own, others } }
  }
  const { classifier, smoothing, checkpoint, ensemble, aces } = await certifiedOf(arm, seed)
  return {
    denoiser: await hashesAt(smoothing.denoiser),
    classifier: await hashesAt(classifier),
    checkpoint: checkpoint === undefined ? null : { ...(await folderHashes(checkpoint)) },
    ...(ensemble !== undefined && {
      ensemble: {
        by: ensemble.by,
        others: await Promise.all(
          ensemble.others.map(async ({ checkpoint: own }) =>
            own === undefined ? null : { ...(await folderHashes(own)) },
          ),
        ),
      },
    }),
    ...(aces?.core !== undefined && { aces: { core: await hashesAt(aces.core.classifier) } }),
  }
}

/** Returns the certified classifier of an arm: its last checkpoint, several runs as one, or its off-the-shelf networks. */
export async function certifiedOf(arm: ResolvedArm, seed: number): Promise<CertificationRunConfig> {
  const runs = await Promise.all(memberSeeds(arm, seed).map(own => findCheckpoint(seedFolder(arm, own))))
  const [first, ...others] = runs.map(({ checkpoint }) => checkpoint)
  const { core } = arm
  const config = {
    ...certificationOf(arm.config, first),
    ...(core && { aces: { core: { classifier: core } } }),
  }
  if (others.length === 0) return config
  return { ...config, ensemble: { others: others.map(checkpoint => ({ checkpoint })), by: 'logits' } }
}

/**
 * Returns whether a log is of the arm's current networks and data. Weights that were replaced at the same path or retrained do not match,
 * nor do data with other names, labels, classes or sizes. Fields missing in a log are not compared.
 */
export async function isOfArm(
  { metadata }: CertificationLog,
  arm: ResolvedArm,
  seed: number,
): Promise<boolean> {
  const { models, data }: JsonObject = metadata?.configuration ?? {}
  if (isObject(models) && fieldDifferences(models, await modelsOfArm(arm, seed)).length > 0) return false
  const { checkpoint } = await certifiedOf(arm, seed)
  const trained = checkpoint === undefined ? undefined : await readSmoothed(checkpoint)
  const known = trained?.data?.test
  if (known === undefined || !isObject(data) || data.classNames === undefined) return true
  const { digest, classes: classNames } = known
  return (
    fieldDifferences({ digest: data.digest, classNames: data.classNames }, { digest, classNames }).length ===
    0
  )
}

/** Returns the hashes of the file or folder of weights at a path; null without a path, for example for weights on the hub. */
async function hashesAt(network: object): Promise<JsonObject | null> {
  const path = 'path' in network && typeof network.path === 'string' ? network.path : undefined
  if (path === undefined) return null
  if (await isFolder(path)) return { ...(await folderHashes(path)) }
  return (await isFile(path)) ? { sha256: await hashOnce(path) } : null
}

/** Tasks are checked repeatedly, and weights may be large. */
const hashes = new Map<string, Promise<string>>()

async function hashOnce(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path)
  const key = JSON.stringify([path, mtimeMs, size, ino])
  const known = hashes.get(key) ?? fileHash(path)
  hashes.set(key, known)
  return known
}
