import { ConfigError } from '../errors'
import type { Bound } from './bound'
import { lowerConfidenceBound, requireAlpha, upperConfidenceBound } from './confidence-bound'

/** Adaptive sampling at one radius (Horváth et al., 2022): rounds of increasing votes until one of them decides. */
export interface AtRadiusOptions {
  readonly bound: Bound
  /** ℓ2, for pixels in [0, 1]. */
  readonly radius: number
  /** Votes of each round's estimation, all fresh. */
  readonly rounds: readonly number[]
  /** Upper bound of the probability of a wrong certificate; each round has an equal share. */
  readonly alpha: number
  /** Upper bound of the probability of giving up a radius that holds; each round but the last has an equal share. */
  readonly beta: number
}

export interface RoundDecision {
  /** `open` requests another round; after the last it leaves the image undecided. */
  readonly verdict: 'certified' | 'refused' | 'open'
  /** Lower bound of the probability of the class, at alpha / rounds. */
  readonly lowerBound: number
}

/**
 * Decides after a round.
 *
 * @param hits - votes of the round for the class that its selection chose
 * @param options - `round`: counted from 0
 */
export function decideRound(
  hits: number,
  { bound, radius, rounds, alpha, beta, round }: AtRadiusOptions & { readonly round: number },
): RoundDecision {
  const n = rounds[round] ?? 0
  const lowerBound = lowerConfidenceBound(hits, n, { alpha: alpha / rounds.length })
  if (lowerBound > 0.5 && bound.radius(lowerBound) >= radius) return { verdict: 'certified', lowerBound }
  const others = rounds.length - 1
  if (round === others) return { verdict: 'open', lowerBound }
  const upperBound = upperConfidenceBound(hits, n, { alpha: beta / others })
  // A probability of 1 has every radius.
  const isRefused = upperBound < 1 && bound.radius(upperBound) < radius
  return { verdict: isRefused ? 'refused' : 'open', lowerBound }
}

/** @throws ConfigError unless there are rounds of at least one vote each, a radius of at least 0, and alpha and beta in (0, 1) */
export function requireAtRadius({ radius, rounds, alpha, beta }: Omit<AtRadiusOptions, 'bound'>): void {
  requireAlpha(alpha)
  requireAlpha(beta, 'beta')
  if (!(radius >= 0 && Number.isFinite(radius))) {
    throw new ConfigError(`The radius must be a finite number of at least 0, got ${radius}.`, {
      remedy: 'Set the ℓ2 radius to decide, for pixels in [0, 1].',
    })
  }
  if (rounds.length === 0 || rounds.some(n => !(Number.isSafeInteger(n) && n >= 1))) {
    throw new ConfigError(`Rounds must be numbers of votes of at least 1, got [${rounds.join(', ')}].`, {
      remedy: 'Pass for instance [1000, 10000, 125000].',
    })
  }
}
