import { ConfigError } from '../../errors'
import type { Bound } from '../../statistics/bound'
import type { SequentialTest } from '../../statistics/sequential-test'
import type { AdaptiveCertificate, AdaptiveCertification, AdaptiveRun, VoteRequest } from './adaptive-run'
import { lookSchedule } from './looks'
import { optimalTest, type Prior } from './optimal-test'
import { requireVoteOptions, requireVotes } from './requirements'

/** In units of σ: 100,000 unanimous votes at α = 0.001 show 3.81. */
const LARGEST = 3.8
const STEP = 0.5

/** Returns radii for a σ: 0, which is the class without a radius, and each half σ up to the limit of what votes can show. */
export function gridRadii(sigma: number): readonly number[] {
  // Drops the rounding digits of products like 0.12 · 1.5.
  return Array.from({ length: Math.floor(LARGEST / STEP) + 1 }, (_, step) =>
    Number((step * STEP * sigma).toPrecision(12)),
  )
}

export interface GridCertificationOptions {
  readonly bound: Bound
  /** Upper bound of the probability of a wrong certificate. */
  readonly alpha: number
  /** Largest number of votes per image. */
  readonly n: number
  /** l2 radii on the [0, 1] pixel scale to decide, increasing, for example `gridRadii(sigma)`. */
  readonly radii: readonly number[]
  /** Votes come in multiples of this: larger blocks fill larger passes, but stop later. Default: 16. */
  readonly block?: number
  /**
   * Value in votes of certifying an image at one more radius. Larger values use more votes and lose fewer certificates; the guarantee is
   * the same. Default: 5 n.
   */
  readonly worth?: number
  /** Prior of the class's probability: it affects votes, not the guarantee. Default: that of `optimalTest`. */
  readonly prior?: Prior
}

/** The decision about one radius. */
export interface RadiusDecision {
  readonly radius: number
  readonly isCertified: boolean
  /** Votes at the time of the decision. */
  readonly votes: number
}

/** The certificate of one image, with a radius of the grid. */
export interface GridCertificate extends AdaptiveCertificate {
  /** One for each radius of the grid. */
  readonly decisions: readonly RadiusDecision[]
}

/**
 * Decides with as few votes as possible at which radii of a grid an image is certified. With probability at least 1 - alpha over the votes,
 * the class has the probability `bound.top(r)` for every certified radius r. So the smoothed classifier returns it everywhere in the open
 * l2 ball of that radius.
 *
 * Each radius has a sequential test with error alpha, and is certified if its test and those of all smaller radii certify. A wrong
 * certificate then requires an error at the smallest radius that is too large, in a single test: alpha is split neither over the radii nor
 * over the looks.
 */
export class GridCertification implements AdaptiveCertification {
  readonly #looks: readonly number[]
  readonly #tests: readonly RadiusTest[]

  /**
   * Computes the tests for all images: seconds for n = 100,000.
   *
   * @throws ConfigError if an option is out of range
   */
  constructor({ bound, alpha, n, radii, block = 16, worth = 5 * n, prior }: GridCertificationOptions) {
    requireVoteOptions({ alpha, n, block })
    requireRadii(radii)
    if (!(worth > 0 && Number.isFinite(worth))) {
      throw new ConfigError(
        `The worth of a certificate must be a finite number of votes above 0, got ${worth}.`,
        {
          remedy: 'Leave it out for the default, 5 n.',
        },
      )
    }
    this.#looks = lookSchedule({ n, block })
    this.#tests = radii.map(radius => {
      const threshold = bound.top(radius)
      // If even unanimous votes are not enough, drawing any is useless.
      const isReachable = threshold ** n <= alpha
      return {
        radius,
        threshold,
        ...(isReachable && {
          test: optimalTest({ threshold, alpha, looks: this.#looks, worth, ...(prior && { prior }) }),
        }),
      }
    })
  }

  /** The tests for radii that n votes can certify. */
  get tests(): readonly SequentialTest[] {
    return this.#tests.flatMap(({ test }) => test ?? [])
  }

  begin(): GridRun {
    return new GridRun(this.#looks, this.#tests)
  }
}

interface RadiusTest {
  readonly radius: number
  /** The probability that certifies the radius. */
  readonly threshold: number
  /** Absent if n votes cannot certify the radius. */
  readonly test?: SequentialTest
}

/** The grid certification of one image. */
export class GridRun implements AdaptiveRun {
  readonly #looks: readonly number[]
  readonly #tests: readonly RadiusTest[]
  readonly #decisions: (RadiusDecision | undefined)[]
  #look = -1
  #misses = 0

  constructor(looks: readonly number[], tests: readonly RadiusTest[]) {
    this.#looks = looks
    this.#tests = tests
    this.#decisions = tests.map(({ radius, test }) =>
      test ? undefined : { radius, isCertified: false, votes: 0 },
    )
  }

  get next(): VoteRequest | undefined {
    if (this.#decisions.every(decision => decision !== undefined)) return undefined
    return { votes: (this.#looks[this.#look + 1] as number) - this.#votes, stage: 'estimation' }
  }

  observe(candidateVotes: number): void {
    const votes = requireVotes(candidateVotes, this.next)
    this.#look += 1
    this.#misses += votes - candidateVotes
    let isGivenUp = false
    this.#tests.forEach(({ radius, test }, i) => {
      if (test === undefined || this.#decisions[i]) return
      // A radius is certified with all smaller ones or not at all.
      isGivenUp ||= this.#misses >= (test.giveUpFrom[this.#look] as number)
      const isCertified = !isGivenUp && this.#misses <= (test.certifyUpTo[this.#look] as number)
      if (isGivenUp || isCertified) this.#decisions[i] = { radius, isCertified, votes: this.#votes }
    })
  }

  get certificate(): GridCertificate {
    const decisions = this.#decisions.flatMap(decision => decision ?? [])
    if (decisions.length < this.#tests.length) {
      throw new ConfigError(`Radii are still to be decided after ${this.#votes} votes.`, {
        remedy: 'Draw what `next` asks for, and observe it.',
      })
    }
    const failed = decisions.findIndex(({ isCertified }) => !isCertified)
    const certified = failed < 0 ? decisions.length : failed
    const largest = this.#tests[certified - 1]
    return {
      abstains: largest === undefined,
      radius: largest?.radius ?? 0,
      lowerBound: largest?.threshold ?? 0,
      candidateCount: this.#votes - this.#misses,
      n: this.#votes,
      pilot: 0,
      decisions: decisions.map((decision, i) => ({ ...decision, isCertified: i < certified })),
    }
  }

  get #votes(): number {
    return this.#looks[this.#look] ?? 0
  }
}

function requireRadii(radii: readonly number[]): void {
  const areIncreasing = radii.every((radius, i) => Number.isFinite(radius) && radius > (radii[i - 1] ?? -1))
  if (radii.length === 0 || !areIncreasing || (radii[0] as number) < 0) {
    throw new ConfigError(`Radii must be finite, at least 0 and increasing, got [${radii.join(', ')}].`, {
      remedy: 'Pass for instance [0, 0.25, 0.5].',
    })
  }
}
