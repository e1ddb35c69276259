/** Consecutive copies of a stage. */
export interface CopyRange {
  /** The number of the first. */
  readonly start: number
  readonly count: number
}

/** The class of each copy of a pass; -1 for a copy that has none, `OPEN` for one that another network is asked about. */
export type Labels = readonly number[]

/** Copies that somebody waits for, as passes take them. */
export interface AskedCopies {
  /** How many have not been taken into a pass. */
  readonly waiting: number
  /** What is asked about them. */
  readonly ballots: readonly string[]
  /** The next copies for a pass, at most this many. */
  take(most: number): CopyRange | undefined
  /** Copies of a pass that failed are to be drawn again. */
  putBack(range: CopyRange): void
  /** Counts the votes of copies of a pass, which stand there from place `first` on. */
  deal(
    range: CopyRange,
    cast: { readonly first: number; readonly labels: Readonly<Record<string, Labels>> },
  ): void
  /** Nobody waits any more for copies that were taken. */
  drop(range: CopyRange): void
}

/** Which copies of a range have not been taken into a pass. */
export class WaitingCopies {
  /** Ascending, and apart from each other. */
  readonly #ranges: CopyRange[]

  constructor(range: CopyRange) {
    this.#ranges = range.count > 0 ? [range] : []
  }

  get count(): number {
    return this.#ranges.reduce((total, { count }) => total + count, 0)
  }

  take(most: number): CopyRange | undefined {
    const [first] = this.#ranges
    if (first === undefined || most === 0) return undefined
    const count = Math.min(first.count, most)
    if (count === first.count) this.#ranges.shift()
    else this.#ranges[0] = { start: first.start + count, count: first.count - count }
    return { start: first.start, count }
  }

  putBack(range: CopyRange): void {
    this.#ranges.push(range)
    this.#ranges.sort((a, b) => a.start - b.start)
  }
}
