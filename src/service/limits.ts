/** How much one request, and all of them together, may take. */
export interface ServiceLimits {
  /** Megabytes of an image. */
  readonly megabytes: number
  /** Megapixels of an image. */
  readonly megapixels: number
  /** Noisy copies that a request may ask for. */
  readonly mostVotes: number
  /** Requests that are accepted and not answered. */
  readonly waiting: number
  /** Seconds that a request may take. */
  readonly seconds: number
}

export const DEFAULT_LIMITS: ServiceLimits = {
  megabytes: 10,
  megapixels: 25,
  mostVotes: 100_000,
  waiting: 64,
  seconds: 120,
}
