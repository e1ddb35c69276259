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

/** What identifies the networks of an arm, for the configuration of its log: SHA-256 of their weights, wherever these lie. */
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

/** What of an arm is certified: its last checkpoint, several runs as one, or its networks off the shelf. */
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
 * Whether a log is of the networks and the data that an arm has now: weights that were replaced at the same path, or
 * trained again, are others, and so are data whose names, labels, classes or sizes differ. What a log does not say is
 * not compared.
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

/** Of the file or the folder of weights at a path; null for what lies at none, such as weights of the hub. */
async function hashesAt(network: object): Promise<JsonObject | null> {
  const path = 'path' in network && typeof network.path === 'string' ? network.path : undefined
  if (path === undefined) return null
  if (await isFolder(path)) return { ...(await folderHashes(path)) }
  return (await isFile(path)) ? { sha256: await hashOnce(path) } : null
}

/** Tasks are looked at again and again, and weights may be large. */
const hashes = new Map<string, Promise<string>>()

async function hashOnce(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path)
  const key = JSON.stringify([path, mtimeMs, size, ino])
  const known = hashes.get(key) ?? fileHash(path)
  hashes.set(key, known)
  return known
}
