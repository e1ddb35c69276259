import betaQuantile from '@stdlib/stats-base-dists-beta-quantile'
import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import { ConfigError } from '../errors'
import { ABSTAIN } from '../logs/abstain'

export { ABSTAIN }

/** The two classes with the most votes; the first class wins a tie. */
export interface TopTwo {
  readonly topClass: number
  readonly topCount: number
  readonly runnerUp: number
  readonly runnerUpCount: number
}

/** What CERTIFY says about one image, and every count it says it from. */
export interface Certificate {
  /** The certified class, or ABSTAIN. */
  readonly prediction: number
  /** Certified l2 radius on the [0, 1] pixel scale; 0 when abstaining. */
  readonly radius: number
  /** Lower confidence bound of the probability of `candidate` under the noise. */
  readonly lowerBound: number
  /** ĉ_A: the class with the most votes in the selection, the prediction unless CERTIFY abstains. */
  readonly candidate: number
  /** Votes for `candidate` among the `n` of the estimation. */
  readonly candidateCount: number
  /** The class other than `candidate` with the most votes in the estimation. */
  readonly runnerUp: number
  readonly runnerUpCount: number
  /** Votes of the selection. */
  readonly n0: number
  /** Votes of the estimation. */
  readonly n: number
}

/** What PREDICT says about one image. */
export interface Prediction extends TopTwo {
  /** The predicted class, or ABSTAIN. */
  readonly prediction: number
  /** Two-sided p-value of "the two leading classes are equally likely". */
  readonly pValue: number
}

/**
 * With probability at least 1 - alpha over the noise, either the result abstains or the smoothed classifier
 * g(x) = argmax_c P[f(x + N(0, sigma² I)) = c] returns `prediction` everywhere in the open l2 ball of `radius` around x.
 *
 * CERTIFY of Cohen, Rosenfeld and Kolter (2019, Section 3.2.2): the selection votes name ĉ_A (the first class on a tie), the
 * estimation votes bound its probability from below; a bound under 1/2 abstains. The votes of the two stages must come
 * from independent noise.
 *
 * @param countsSelection votes per class of the n0 noisy copies, [K]
 * @param countsEstimation votes per class of n fresh noisy copies, [K]
 * @throws ConfigError when counts are no counts of the same K ≥ 2 classes, or alpha or sigma is out of range
 */
export function certifyFromCounts(
  countsSelection: readonly number[],
  countsEstimation: readonly number[],
  {
    alpha,
    sigma,
  }: {
    /** Probability of a wrong certificate, in (0, 1). */
    readonly alpha: number
    /** Noise level on the [0, 1] pixel scale. */
    readonly sigma: number
  },
): Certificate {
  const n0 = totalVotes(countsSelection)
  const n = totalVotes(countsEstimation)
  if (countsSelection.length !== countsEstimation.length) {
    throw new ConfigError(
      `The selection counts ${countsSelection.length} classes and the estimation ${countsEstimation.length}, expected the same.`,
      { remedy: 'Count both stages over the same classes.' },
    )
  }
  requireSigma(sigma)
  const candidate = leadingClass(countsSelection)
  const runnerUp = leadingClass(countsEstimation, candidate)
  const candidateCount = countsEstimation[candidate] as number
  const lowerBound = lowerConfidenceBound(candidateCount, n, { alpha })
  const abstains = lowerBound < 0.5
  return {
    prediction: abstains ? ABSTAIN : candidate,
    radius: abstains ? 0 : certifiedRadius(lowerBound, sigma),
    lowerBound,
    candidate,
    candidateCount,
    runnerUp,
    runnerUpCount: countsEstimation[runnerUp] as number,
    n0,
    n,
  }
}

/**
 * With probability at least 1 - alpha over the noise, the result abstains or is the class that the smoothed classifier
 * returns at x.
 *
 * PREDICT of Cohen, Rosenfeld and Kolter (2019, Section 3.2.1): the class with the most votes, unless an exact
 * two-sided binomial test cannot tell the two leading classes apart at level alpha.
 *
 * @param counts votes per class of n noisy copies, [K]
 * @throws ConfigError when the counts are no counts of K ≥ 2 classes, or alpha is not in (0, 1)
 */
export function predictFromCounts(
  counts: readonly number[],
  { alpha }: { readonly alpha: number },
): Prediction {
  totalVotes(counts)
  requireAlpha(alpha)
  const topClass = leadingClass(counts)
  const runnerUp = leadingClass(counts, topClass)
  const topCount = counts[topClass] as number
  const runnerUpCount = counts[runnerUp] as number
  const pValue = evenSplitPValue(topCount, runnerUpCount)
  return {
    prediction: pValue > alpha ? ABSTAIN : topClass,
    pValue,
    topClass,
    topCount,
    runnerUp,
    runnerUpCount,
  }
}

/**
 * With probability at least 1 - alpha, the success probability of a binomial with `trials` trials is at least the
 * returned value, whatever that probability is: the one-sided bound of Clopper and Pearson, the alpha-quantile of
 * Beta(successes, trials - successes + 1), 0 without a success. Computed to within 1e-14 for up to 100,000 trials.
 *
 * @throws ConfigError unless 0 ≤ successes ≤ trials are integers, trials ≥ 1 and 0 < alpha < 1
 */
export function lowerConfidenceBound(
  successes: number,
  trials: number,
  { alpha }: { readonly alpha: number },
): number {
  requireCount('The number of trials', trials)
  requireCount('The number of successes', successes)
  if (trials === 0 || successes > trials) {
    throw new ConfigError(
      `A confidence bound takes 1 ≤ trials and successes ≤ trials, got ${successes} of ${trials}.`,
      { remedy: 'Pass the votes for one class and the votes for all classes.' },
    )
  }
  requireAlpha(alpha)
  return successes === 0 ? 0 : betaQuantile(alpha, successes, trials - successes + 1)
}

/**
 * The l2 radius sigma · Φ⁻¹(probability) within which a class of at least this probability at x stays the prediction
 * (Cohen et al., Theorem 1 with 1 - p_A for the runner-up). Negative for a probability below 1/2.
 *
 * @throws ConfigError unless 0 < probability < 1 and sigma > 0
 */
export function certifiedRadius(probability: number, sigma: number): number {
  if (!(probability > 0 && probability < 1)) {
    throw new ConfigError(`A probability must be between 0 and 1, both excluded, got ${probability}.`, {
      remedy: 'Pass a lower confidence bound of the probability of the class.',
    })
  }
  requireSigma(sigma)
  return sigma * normalQuantile(probability, 0, 1)
}

/**
 * Two-sided p-value of the exact binomial test that `a` and `b` votes come from a fair coin. By symmetry it is twice the lower tail.
 */
function evenSplitPValue(a: number, b: number): number {
  return Math.min(1, 2 * binomialCdf(Math.min(a, b), a + b, 0.5))
}

/** The class with the most votes, `except` for one; the first of those that tie. */
export function leadingClass(counts: readonly number[], except = -1): number {
  let best = -1
  let bestCount = -1
  counts.forEach((count, index) => {
    if (index !== except && count > bestCount) {
      best = index
      bestCount = count
    }
  })
  return best
}

function totalVotes(counts: readonly number[]): number {
  if (counts.length < 2) {
    throw new ConfigError(`Votes are counted over at least 2 classes, got ${counts.length}.`, {
      remedy: 'Pass one count per class of the classifier.',
    })
  }
  let total = 0
  counts.forEach((count, index) => {
    requireCount(`The number of votes for class ${index}`, count)
    total += count
  })
  if (total === 0) {
    throw new ConfigError('Votes must be at least 1 in all, got 0.', {
      remedy: 'Draw at least one noisy copy.',
    })
  }
  return total
}

function requireCount(what: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new ConfigError(`${what} must be an integer of at least 0, got ${count}.`, {
      remedy: 'Pass the number of votes, not a share.',
    })
  }
}

function requireAlpha(alpha: number): void {
  if (!(alpha > 0 && alpha < 1)) {
    throw new ConfigError(`alpha must be between 0 and 1, both excluded, got ${alpha}.`, {
      remedy: 'Set the probability of a wrong certificate, for instance 0.001.',
    })
  }
}

function requireSigma(sigma: number): void {
  if (!(sigma > 0 && Number.isFinite(sigma))) {
    throw new ConfigError(`sigma must be a finite number above 0 on the [0, 1] pixel scale, got ${sigma}.`, {
      remedy: 'Set the standard deviation of the noise, for instance 0.25.',
    })
  }
}
