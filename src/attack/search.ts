/** Options for the search of the radius. */
export interface SearchOptions {
  /** The first radius to try. */
  readonly first: number
  /** The largest radius to try: no two images are farther apart. */
  readonly largest: number
}

/** Below this ratio, no further round is needed. */
const CLOSE_ENOUGH = 1.005

/**
 * Searches for the smallest radius at which an attack succeeds: doubles it until one does, then bisects. A failed attack proves nothing, so
 * `failed` only tells where the search continues.
 */
export class RadiusSearch {
  /** The largest radius at which the attack failed; 0 before any failure. */
  failed = 0
  /** The smallest change found; Infinity before the first. */
  found = Number.POSITIVE_INFINITY
  readonly #options: SearchOptions

  constructor(options: SearchOptions) {
    this.#options = options
  }

  /** The radius to try next; undefined when the search is over. */
  get next(): number | undefined {
    const { first, largest } = this.#options
    if (this.found === Number.POSITIVE_INFINITY) {
      if (this.failed >= largest) return undefined
      return Math.min(largest, this.failed === 0 ? first : 2 * this.failed)
    }
    return this.found <= CLOSE_ENOUGH * this.failed ? undefined : (this.failed + this.found) / 2
  }

  /** Records that the attack within `radius` has found a change of length `found`, or none. */
  observe(radius: number, found: number | undefined): void {
    if (found === undefined) this.failed = Math.max(this.failed, radius)
    else this.found = Math.min(this.found, found)
    // The change is shorter than a radius that failed before: the search continues below it.
    if (this.failed >= this.found) this.failed = 0
  }
}
