import type { Session } from '../bridge'
import { type SmoothedInput, smoothedOf } from '../smoothing/smoothed-input'
import { isShown, progressBar } from '../terminal/progress'
import { type AttackLog, readAttackLog } from './attack-log-file'
import { type FindChangesHooks, findChanges } from './find-changes'
import { type ImageGap, pairWithAttacks, requireUnbroken } from './gap'
import { type AttackOptions, type PlannedAttack, planAttack } from './plan-attack'

/** Certificates, attacks on them, and what lies between. */
export interface AttackResult {
  readonly log: AttackLog
  readonly gaps: readonly ImageGap[]
  readonly plan: PlannedAttack
}

/**
 * Attacks the images of a certification log, or continues with that: for each the smallest ℓ2 perturbation found at which CERTIFY
 * returns another class, over fresh noise, or PREDICT where `confirm` says so. It is an upper bound of the radius that any certificate could state, right with
 * probability at least 1 − α for each image.
 *
 * @throws BrokenCertificateError where a change lies within a certified radius, after all rows are on the disk
 * @throws as `planAttack` and `findChanges`
 * @example
 * const { gaps } = await attack(session, 'runs/a/checkpoints/epoch-12', { certificates: 'runs/a/certify-sigma-0.5.tsv' })
 */
export async function attack(
  session: Session,
  input: SmoothedInput,
  {
    progress,
    ...options
  }: AttackOptions & FindChangesHooks & { readonly progress?: boolean | undefined } = {},
): Promise<AttackResult> {
  const known = await smoothedOf(input)
  const plan = await planAttack(known.config, options)
  const bar = isShown(progress) ? progressBar('attack', { total: plan.attacked.length }) : undefined
  try {
    await findChanges(session, known, plan, {
      ...options,
      onImage: (done, images, row) => {
        bar?.update(done)
        options.onImage?.(done, images, row)
      },
    })
  } finally {
    bar?.stop()
  }
  const result = await attackResult(plan)
  requireUnbroken(result.gaps, plan)
  return result
}

/** What the files of a plan say, whether or not a certificate is broken. */
export async function attackResult(plan: PlannedAttack): Promise<AttackResult> {
  const log = await readAttackLog(plan.log)
  return { log, gaps: pairWithAttacks(plan.rows, log.rows), plan }
}
