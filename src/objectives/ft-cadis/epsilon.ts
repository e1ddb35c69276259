import type { FtCadisSettings } from '../../config/methods/ft-cadis'
import { ConfigError } from '../../errors'

/** Attack radius by epoch: one number for all, or steps, each in force from its epoch on (counted from 0). */
export type EpsilonSchedule = number | readonly { readonly fromEpoch: number; readonly epsilon: number }[]

/**
 * Returns the attack radius of an epoch, piecewise constant: with `[{ fromEpoch: 0, epsilon: 0.25 }, { fromEpoch: 10, epsilon: 0.5 }]` it
 * is 0.25 for the first ten epochs and 0.5 afterwards (Appendix B.3).
 *
 * @param epoch - Counted from 0.
 * @param schedule - Steps in ascending order.
 * @throws ConfigError if no step has begun.
 */
export function epsilonAt(epoch: number, schedule: EpsilonSchedule): number {
  if (typeof schedule === 'number') return schedule
  const step = schedule.findLast(({ fromEpoch }) => fromEpoch <= epoch)
  if (step === undefined) {
    throw new ConfigError(`The schedule of epsilon has no step for epoch ${epoch}, expected one.`, {
      remedy: 'Let its first step begin with fromEpoch 0.',
    })
  }
  return step.epsilon
}

/** Settings with a number as attack radius: those in force in one epoch. */
export type SettingsInForce = FtCadisSettings & { readonly attack: { readonly epsilon: number } }

/**
 * Returns the settings in force in the form that the loss expects.
 *
 * @throws TypeError if the attack radius still follows a schedule
 */
export function withEpsilon(settings: FtCadisSettings): SettingsInForce {
  const { attack } = settings
  const { epsilon } = attack
  if (typeof epsilon === 'number') return { ...settings, attack: { ...attack, epsilon } }
  throw new TypeError('The attack radius follows a schedule, expected that of one epoch.')
}
