/** Consecutive copies of a stage. */
export interface CopyRange {
  /** The number of the first. */
  readonly start: number
  readonly count: number
}

/** The class of each copy of a pass; -1 for a copy without one, `OPEN` if another network decides. */
export type Labels = readonly number[]

/** The votes of a pass. */
export interface PassVotes {
  /** The class of each copy, by ballot. */
  readonly labels: Readonly<Record<string, Labels>>
  /** The sums of each run, by ballot of scores. */
  readonly sums: Readonly<Record<string, readonly (readonly number[])[]>>
}

/** The position of a run's votes within those of its pass. */
export interface DealtRun extends PassVotes {
  /** Position of its first copy, and of the run among the runs. */
  readonly first: number
  readonly run: number
}

/** Requested copies, for use by passes. */
export interface AskedCopies {
  /** Number of copies not yet in a pass. */
  readonly waiting: number
  /** The ballots to vote on. */
  readonly ballots: readonly string[]
  /** Takes the next copies for a pass, at most `most`. */
  take(most: number): CopyRange | undefined
  /** Returns copies of a failed pass, to draw them again. */
  putBack(range: CopyRange): void
  /** Counts the votes of copies in a pass, from position `first` on. */
  deal(range: CopyRange, run: DealtRun): void
  /** Drops taken copies that are no longer needed. */
  drop(range: CopyRange): void
}

/** The copies of a range that are not yet in a pass. */
export class WaitingCopies {
  /** Ascending and disjoint. */
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
