/** A request of an adaptive certification for votes on fresh noise. */
export interface VoteRequest {
  readonly votes: number
  /** `pilot` votes plan the estimation and enter no bound. */
  readonly stage: 'pilot' | 'estimation'
}

/**
 * The certification of one image, once the selection votes have chosen the class: draw the votes in `next` and `observe` how many are for
 * the class, until `next` is undefined; then read `certificate`.
 */
export interface AdaptiveRun {
  readonly next: VoteRequest | undefined
  /**
   * @param candidateVotes - votes for the class among the `next.votes`
   * @throws ConfigError if nothing was requested, or the count is not an integer from 0 to `next.votes`
   */
  observe(candidateVotes: number): void
  /** @throws ConfigError while `next` requests votes */
  readonly certificate: AdaptiveCertificate
}

export interface AdaptiveCertificate {
  readonly abstains: boolean
  /** Certified l2 radius on the [0, 1] pixel scale; 0 if it abstains. */
  readonly radius: number
  /** Lower confidence bound of the class's probability, which determines `radius`. 0 if nothing is shown. */
  readonly lowerBound: number
  /** Votes for the class among the `n` votes of the estimation. */
  readonly candidateCount: number
  readonly n: number
  /** Votes that planned the estimation, in addition to `n`. */
  readonly pilot: number
}

/** An adaptive certification: constructed once, started for each image. */
export interface AdaptiveCertification {
  begin(): AdaptiveRun
}
