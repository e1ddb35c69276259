import betaQuantile from '@stdlib/stats-base-dists-beta-quantile'
import { ConfigError } from '../../errors'
import type { Bound } from '../../statistics/bound'
import { lowerConfidenceBound } from '../../statistics/confidence-bound'
import type { AdaptiveCertificate, AdaptiveCertification, AdaptiveRun, VoteRequest } from './adaptive-run'
import { roundUp } from './looks'
import { requireVoteOptions, requireVotes } from './requirements'

export interface SizedCertificationOptions {
  readonly bound: Bound
  /** Upper bound of the probability of a wrong certificate. */
  readonly alpha: number
  /** Largest number of votes per image, including the pilot's. */
  readonly n: number
  /** Largest expected loss of radius compared with n votes, on the [0, 1] pixel scale. */
  readonly maxRadiusLoss: number
  /** Votes come in multiples of this. Default: 16. */
  readonly block?: number
}

/** The pilot stops at this share of the votes that it requests: it plans the estimation, and does not replace it. */
const PILOT_SHARE = 0.1

const FIRST_PILOT = 64

/** Error of the pilot's upper bound of the probability; after an error the radius is smaller than planned, but still valid. */
const PILOT_ALPHA = 0.05

/**
 * CERTIFY of Cohen et al. (2019) with a number of votes per image: as many as its radius needs to come within `maxRadiusLoss` of the
 * expected radius of n votes (after Chen et al., 2022). A pilot bounds the class's probability from above and chooses the number. Fresh
 * votes then give the bound of Clopper and Pearson at level alpha. They are independent of the number, so the guarantee is that of CERTIFY.
 */
export class SizedCertification implements AdaptiveCertification {
  readonly #options: Required<SizedCertificationOptions>
  /** By pilot and misses: images share entries, and each takes milliseconds. */
  readonly #votesWanted = new Map<string, number>()

  /** @throws ConfigError if an option is out of range */
  constructor({ bound, alpha, n, maxRadiusLoss, block = 16 }: SizedCertificationOptions) {
    requireVoteOptions({ alpha, n, block })
    if (!(maxRadiusLoss > 0)) {
      throw new ConfigError(`maxRadiusLoss must be above 0, got ${maxRadiusLoss}.`, {
        remedy: 'Set the loss of radius that fewer votes may cost, for instance 0.05.',
      })
    }
    this.#options = { bound, alpha, n, maxRadiusLoss, block }
  }

  begin(): SizedRun {
    return new SizedRun(this.#options, (pilot, misses) => {
      const key = `${misses} of ${pilot}`
      const known = this.#votesWanted.get(key) ?? votesWanted(pilot, misses, this.#options)
      this.#votesWanted.set(key, known)
      return known
    })
  }
}

/** The certificate of one image. */
export interface SizedCertificate extends AdaptiveCertificate {
  /** Votes that the pilot requested; if they and the pilot exceed the maximum, `n` is less. */
  readonly planned: number
}

/** The sized certification of one image. */
export class SizedRun implements AdaptiveRun {
  readonly #options: Required<SizedCertificationOptions>
  readonly #votesWanted: (pilot: number, misses: number) => number
  #next: VoteRequest | undefined
  #pilot = 0
  #pilotMisses = 0
  #planned: number
  #n = 0
  #candidateCount = 0

  constructor(
    options: Required<SizedCertificationOptions>,
    votesWanted: (pilot: number, misses: number) => number,
  ) {
    this.#options = options
    this.#votesWanted = votesWanted
    this.#planned = options.n
    const pilot = roundUp(FIRST_PILOT, options.block)
    this.#next =
      pilot <= PILOT_SHARE * options.n
        ? { votes: pilot, stage: 'pilot' }
        : { votes: options.n, stage: 'estimation' }
  }

  get next(): VoteRequest | undefined {
    return this.#next
  }

  observe(candidateVotes: number): void {
    const votes = requireVotes(candidateVotes, this.#next)
    if (this.#next?.stage === 'pilot') {
      this.#pilot += votes
      this.#pilotMisses += votes - candidateVotes
      this.#next = this.#plan()
    } else {
      this.#n = votes
      this.#candidateCount = candidateVotes
      this.#next = undefined
    }
  }

  get certificate(): SizedCertificate {
    if (this.#next) {
      throw new ConfigError(`The certification asks for ${this.#next.votes} more votes.`, {
        remedy: 'Draw what `next` asks for, and observe it.',
      })
    }
    const { bound, alpha } = this.#options
    const lowerBound = lowerConfidenceBound(this.#candidateCount, this.#n, { alpha })
    const abstains = lowerBound < 0.5
    return {
      abstains,
      radius: abstains ? 0 : bound.radius(lowerBound),
      lowerBound,
      candidateCount: this.#candidateCount,
      n: this.#n,
      pilot: this.#pilot,
      planned: this.#planned,
    }
  }

  /** Returns more of the pilot, or the estimation. */
  #plan(): VoteRequest {
    const { n, block } = this.#options
    const wanted = this.#votesWanted(this.#pilot, this.#pilotMisses)
    this.#planned = wanted
    const missing = roundUp(PILOT_SHARE * wanted, block) - this.#pilot
    return missing > 0
      ? { votes: Math.min(missing, this.#pilot), stage: 'pilot' }
      : { votes: Math.min(wanted, n - this.#pilot), stage: 'estimation' }
  }
}

/** Returns the fewest votes that lose at most `maxRadiusLoss` at the largest probability consistent with the pilot. */
function votesWanted(
  pilot: number,
  misses: number,
  { bound, alpha, n, maxRadiusLoss, block }: Required<SizedCertificationOptions>,
): number {
  const p = 1 - lowerConfidenceBound(misses, pilot, { alpha: PILOT_ALPHA })
  const expectedRadius = (votes: number) => {
    const lowerBound = betaQuantile(alpha, votes * p, votes * (1 - p) + 1)
    return lowerBound < 0.5 ? 0 : bound.radius(lowerBound)
  }
  const enough = expectedRadius(n) - maxRadiusLoss
  let few = 0
  let many = Math.ceil(n / block)
  while (many - few > 1) {
    const middle = Math.floor((few + many) / 2)
    if (expectedRadius(middle * block) >= enough) many = middle
    else few = middle
  }
  return Math.min(n, many * block)
}
