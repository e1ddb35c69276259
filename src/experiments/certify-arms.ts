import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Session } from '../bridge'
import { type CertifiedArm, certifyDataset } from '../certification/certify-dataset'
import { requireCertifiable } from '../certification/require-certifiable'
import { ConfigError } from '../errors'
import { exists } from '../files/exists'
import { lock } from '../files/lock'
import { readCertificationLog } from '../logs/certification-log-file'
import { configuredSmoothing, imageKindOf, ownedBy } from '../smoothing/first-layer'
import { loadBaseClassifier } from '../smoothing/load-networks'
import { datasetSpec } from '../smoothing/specs'
import { type AnyDenoiser, type Classifier, openDataset } from '../torch'
import { certifiedOf, isOfArm, modelsOfArm } from './arm-identity'
import { certificationOfArm, logPath, type ResolvedArm } from './arms'

interface CertifyArmsOptions {
  /** null for arms without one. */
  readonly denoiser: AnyDenoiser | null
  /** Seed of training, and of the certification noise. */
  readonly seed: number
  /** Positions of the test images. */
  readonly indices: readonly number[]
  /** Held while it runs, so that another process does not start the same. */
  readonly lock: string
  readonly signal?: AbortSignal | undefined
  readonly onImage?: (done: number) => void
}

/**
 * Certifies arms of one noise level together: they vote on the same denoised images, for a paired comparison. Skips arms that other
 * experiments have certified: noise is a function of seed, image and stage, so these have voted on the same images too.
 */
export async function certifyArms(
  session: Session,
  arms: readonly ResolvedArm[],
  { denoiser, seed, indices, lock: lockPath, signal, onImage }: CertifyArmsOptions,
): Promise<void> {
  await mkdir(join(lockPath, '..'), { recursive: true })
  const held = await lock(lockPath, 'certification of these arms')
  try {
    const missing: ResolvedArm[] = []
    for (const arm of arms) if (!(await isCertified(arm, { seed, indices }))) missing.push(arm)
    const [first] = missing
    if (first === undefined) return
    const { data } = first.config
    const certification = certificationOfArm(first)
    // A router uses the smoothing of its first expert.
    const { smoothing } = (first.router?.experts[0] ?? first).config
    requireCertifiable(certification, { sigma: smoothing.sigma, images: indices.length })
    const dataset = await openDataset(session, datasetSpec(data, 'test'))
    const classifiers = await Promise.all(
      missing.map(async arm => ({
        ...(await votersOf(session, arm, seed)),
        name: arm.id,
        log: logPath(arm, seed),
        models: await modelsOfArm(arm, seed),
      })),
    )
    try {
      // Each classifier has its own first layer; noise on the image is the same for all.
      const groups =
        smoothing.noiseAfter === undefined ? [classifiers] : classifiers.map(classifier => [classifier])
      for (const arms of groups) {
        const [{ classifier }] = arms as [(typeof arms)[number]]
        const shared = await configuredSmoothing(smoothing, {
          denoiser,
          classifier,
          images: imageKindOf(dataset),
        })
        try {
          await certifyDataset(
            { smoothing: shared, dataset, arms },
            { certification: { ...certification, seed }, indices, signal, ...(onImage && { onImage }) },
          )
        } finally {
          session.free(ownedBy(shared))
        }
      }
    } finally {
      session.free([
        dataset,
        classifiers.flatMap(({ classifier, ensemble, aces, router }) => [
          ...[classifier, ...(ensemble?.others ?? []), ...(router?.others ?? [])],
          ...(router === undefined ? [] : [router.network]),
          ...(aces?.core === undefined ? [] : [aces.core]),
        ]),
      ])
    }
  } finally {
    await held.release()
  }
}

/**
 * Returns whether the log has a row for each image, and is of the arm's current networks and data; see `isOfArm`.
 *
 * @throws DataError if the log is damaged
 */
export async function isCertified(
  arm: ResolvedArm,
  { seed, indices }: { seed: number; indices: readonly number[] },
): Promise<boolean> {
  const path = logPath(arm, seed)
  if (!(await exists(path))) return false
  const log = await readCertificationLog(path)
  const done = new Set(log.rows.map(({ index }) => index))
  return indices.every(index => done.has(index)) && (await isOfArm(log, arm, seed))
}

/** Loads the classifiers of an arm, from its last checkpoints or off the shelf. */
async function votersOf(
  session: Session,
  arm: ResolvedArm,
  seed: number,
): Promise<Pick<CertifiedArm, 'classifier' | 'ensemble' | 'aces' | 'router'>> {
  if (arm.router !== undefined) {
    const { experts } = arm.router
    const [first, ...others] = await Promise.all(experts.map(expert => classifierOf(session, expert, seed)))
    const network = await classifierOf(session, { ...arm, router: undefined }, seed)
    return { classifier: first as Classifier, router: { network, others } }
  }
  const { classifier: settings, checkpoint, ensemble, aces } = await certifiedOf(arm, seed)
  const load = async (from: string | undefined) =>
    (await loadBaseClassifier(session, settings, { checkpoint: from })).classifier
  const classifier = await load(checkpoint)
  if (aces?.core !== undefined) {
    return {
      classifier,
      aces: { core: (await loadBaseClassifier(session, aces.core.classifier)).classifier },
    }
  }
  if (ensemble === undefined) return { classifier }
  const others = await Promise.all(ensemble.others.map(({ checkpoint: own }) => load(own)))
  return { classifier, ensemble: { by: ensemble.by, others } }
}

/**
 * Loads the single classifier of an arm.
 *
 * @throws ConfigError for an ensemble
 */
export async function classifierOf(session: Session, arm: ResolvedArm, seed: number): Promise<Classifier> {
  const { classifier, ensemble, aces } = await votersOf(session, arm, seed)
  session.free(aces?.core)
  if (ensemble === undefined) return classifier
  session.free([classifier, ...ensemble.others])
  throw new ConfigError(`The arm ${arm.arm.key} has several classifiers, expected one to draw images of.`, {
    remedy: 'Set showsImages to false, or leave the arm out.',
  })
}
