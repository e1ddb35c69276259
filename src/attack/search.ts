/** Where the next radius is looked for. */
export interface SearchOptions {
  /** The radius that is tried first. */
  readonly first: number
  /** No radius above it is tried: no two images are farther apart. */
  readonly largest: number
}

/** What is closer together than this needs no further round. */
const CLOSE_ENOUGH = 1.005

/**
 * The search for the smallest radius at which an attack succeeds: doubling until one does, then bisection. An attack that fails
 * proves nothing, so `failed` is only where the search continues from.
 */
export class RadiusSearch {
  /** The largest radius at which the attack failed; 0 before it has. */
  failed = 0
  /** The smallest change that was found; Infinity before there is one. */
  found = Number.POSITIVE_INFINITY
  readonly #options: SearchOptions

  constructor(options: SearchOptions) {
    this.#options = options
  }

  /** The radius to try; undefined where the search is over. */
  get next(): number | undefined {
    const { first, largest } = this.#options
    if (this.found === Number.POSITIVE_INFINITY) {
      if (this.failed >= largest) return undefined
      return Math.min(largest, this.failed === 0 ? first : 2 * this.failed)
    }
    return this.found <= CLOSE_ENOUGH * this.failed ? undefined : (this.failed + this.found) / 2
  }

  /** The attack within `radius` has found a change of the length `found`, or none. */
  observe(radius: number, found: number | undefined): void {
    if (found === undefined) this.failed = Math.max(this.failed, radius)
    else this.found = Math.min(this.found, found)
    // A change that is shorter than a radius that failed before: the search continues below it.
    if (this.failed >= this.found) this.failed = 0
  }
}
