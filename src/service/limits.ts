/** Limits of one request, and of all together. */
export interface ServiceLimits {
  /** Largest image in megabytes. */
  readonly megabytes: number
  /** Largest image in megapixels. */
  readonly megapixels: number
  /** Largest number of noisy copies per request. */
  readonly mostVotes: number
  /** Largest number of accepted, unanswered requests. */
  readonly waiting: number
  /** Time limit of a request in seconds. */
  readonly seconds: number
}

export const DEFAULT_LIMITS: ServiceLimits = {
  megabytes: 10,
  megapixels: 25,
  mostVotes: 100_000,
  waiting: 64,
  seconds: 120,
}
