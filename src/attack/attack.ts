import type { Session } from '../bridge'
import { smoothedOf } from '../runs/smoothed-of-folder'
import type { SmoothedInput } from '../smoothing/smoothed-input'
import { isShown, progressBar } from '../terminal/progress'
import { type AttackLog, readAttackLog } from './attack-log-file'
import { type FindChangesHooks, findChanges } from './find-changes'
import { type ImageGap, pairWithAttacks, requireUnbroken } from './gap'
import { type AttackOptions, type PlannedAttack, planAttack } from './plan-attack'

/** Certificates, attacks on them, and the gap between them. */
export interface AttackResult {
  readonly log: AttackLog
  readonly gaps: readonly ImageGap[]
  readonly plan: PlannedAttack
}

/**
 * Attacks the images of a certification log, or continues an earlier attack. Finds for each image the smallest ℓ2 perturbation at which
 * CERTIFY, or PREDICT according to `confirm`, returns another class over fresh noise. It is an upper bound of the radius of any
 * certificate, right with probability at least 1 − α for each image.
 *
 * @throws BrokenCertificateError if a change lies within a certified radius, after all rows are on disk
 * @throws as `planAttack` and `findChanges`
 *
 * @example
 * const config = presets.digits({ sigma: 0.25, output: 'runs/attacked' })
 * const settings = certificationOf({ ...config, certification: { ...config.certification, n: 500, images: { first: 2 } } })
 * await certify(session, settings)
 * const { gaps } = await attack(session, settings, { starts: 1, steps: 2, rounds: 2 })
 * gaps.length // => 2
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

/** Reads the results in a plan's files, whether or not a certificate is broken. */
export async function attackResult(plan: PlannedAttack): Promise<AttackResult> {
  const log = await readAttackLog(plan.log)
  return { log, gaps: pairWithAttacks(plan.rows, log.rows), plan }
}
