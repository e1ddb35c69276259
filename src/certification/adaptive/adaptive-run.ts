/** Fresh votes that an adaptive certification asks for: of noise that no vote before was drawn with. */
export interface VoteRequest {
  readonly votes: number
  /** `pilot` votes plan the estimation and are in no bound. */
  readonly stage: 'pilot' | 'estimation'
}

/**
 * The certification of one image. After the class has been chosen from the selection votes: draw what `next` asks for and
 * `observe` how many of them are for that class, until `next` is undefined; then read `certificate`.
 */
export interface AdaptiveRun {
  readonly next: VoteRequest | undefined
  /**
   * @param candidateVotes - votes for the class among the `next.votes`
   * @throws ConfigError when nothing was asked for, or the count is not an integer from 0 to `next.votes`
   */
  observe(candidateVotes: number): void
  /** @throws ConfigError while `next` asks for votes */
  readonly certificate: AdaptiveCertificate
}

export interface AdaptiveCertificate {
  readonly abstains: boolean
  /** Certified l2 radius on the [0, 1] pixel scale; 0 when abstaining. */
  readonly radius: number
  /** Lower confidence bound of the probability of the class; `radius` follows from it. 0 where nothing is shown. */
  readonly lowerBound: number
  /** Votes for the class among the `n` of the estimation. */
  readonly candidateCount: number
  readonly n: number
  /** Votes that planned the estimation, beside `n`. */
  readonly pilot: number
}

/** An adaptive certification: made once, then begun for each image. */
export interface AdaptiveCertification {
  begin(): AdaptiveRun
}
