import { ConfigError } from '../../errors'
import type { Bound } from '../../statistics/bound'
import type { SequentialTest } from '../../statistics/sequential-test'
import type { AdaptiveCertificate, AdaptiveCertification, AdaptiveRun, VoteRequest } from './adaptive-run'
import { lookSchedule } from './looks'
import { optimalTest, type Prior } from './optimal-test'
import { requireVoteOptions, requireVotes } from './requirements'

/** In units of σ: 100,000 votes of α = 0.001 that agree show 3.81. */
const LARGEST = 3.8
const STEP = 0.5

/** Radii for a σ: 0, which is the class without a radius, and each half σ up to what votes can show. */
export function gridRadii(sigma: number): readonly number[] {
  // Of 0.12 · 1.5 the digits that decimals leave over are dropped.
  return Array.from({ length: Math.floor(LARGEST / STEP) + 1 }, (_, step) =>
    Number((step * STEP * sigma).toPrecision(12)),
  )
}

export interface GridCertificationOptions {
  readonly bound: Bound
  /** Probability of a wrong certificate, at most. */
  readonly alpha: number
  /** The most votes that an image may use. */
  readonly n: number
  /** l2 radii on the [0, 1] pixel scale to decide, increasing, for instance `gridRadii(sigma)`. */
  readonly radii: readonly number[]
  /** Votes come in multiples of this many: larger blocks fill larger passes, and stop later. Default: 16. */
  readonly block?: number
  /**
   * How many votes it is worth to certify an image at one more of the radii. The larger, the more votes are used and the
   * fewer certificates are lost; the guarantee is the same. Default: 5 n.
   */
  readonly worth?: number
  /** What is expected of the probability of the class: it decides votes, not the guarantee. Default: that of `optimalTest`. */
  readonly prior?: Prior
}

/** What was decided about one radius. */
export interface RadiusDecision {
  readonly radius: number
  readonly isCertified: boolean
  /** Votes after which the decision fell. */
  readonly votes: number
}

/** The certificate of one image, its radius one of the grid. */
export interface GridCertificate extends AdaptiveCertificate {
  /** One for each radius of the grid. */
  readonly decisions: readonly RadiusDecision[]
}

/**
 * Decides for each radius of a grid whether an image is certified there, with as few votes as it can. With probability at
 * least 1 - alpha over the votes, the class has the probability `bound.top(r)` for every radius r that is certified, so that
 * the smoothed classifier returns it everywhere in the open l2 ball of that radius.
 *
 * Each radius has a sequential test with error alpha, and is certified when its test and those of all smaller radii
 * have certified. A wrong certificate then takes a wrong one at the smallest radius that is too large, which is one
 * test: alpha is split neither over the radii nor over the looks.
 */
export class GridCertification implements AdaptiveCertification {
  readonly #looks: readonly number[]
  readonly #tests: readonly RadiusTest[]

  /**
   * Computes the tests, for all images: seconds for n = 100,000.
   *
   * @throws ConfigError when an option is out of range
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
      // Where even unanimous votes are not evidence, no vote is worth drawing.
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

  /** The tests of the radii that n votes can certify. */
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
  /** None where n votes cannot certify the radius. */
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
