/** Consecutive copies of a stage. */
export interface CopyRange {
  /** The number of the first. */
  readonly start: number
  readonly count: number
}

/** The class of each copy of a pass, by ballot; -1 for a copy that has none. */
export type CastVotes = Readonly<Record<string, readonly number[]>>

/** Copies of a stage of one image that somebody waits for: which are still to be drawn, and the votes that have come. */
export class CopyRequest {
  readonly line: string
  readonly stage: string
  readonly count: number
  /** Votes by class, by ballot. */
  readonly votes: ReadonlyMap<string, number[]>
  /** Ascending, and apart from each other. */
  readonly #waiting: CopyRange[]
  #missing: number

  /** @param classes - the number of classes of each ballot that is voted on */
  constructor(
    { line, stage, start, count }: CopyRange & { readonly line: string; readonly stage: string },
    classes: ReadonlyMap<string, number>,
  ) {
    this.line = line
    this.stage = stage
    this.count = count
    this.votes = new Map([...classes].map(([ballot, count]) => [ballot, Array<number>(count).fill(0)]))
    this.#waiting = count > 0 ? [{ start, count }] : []
    this.#missing = count
  }

  /** How many copies have not been taken into a pass. */
  get waiting(): number {
    return this.#waiting.reduce((total, { count }) => total + count, 0)
  }

  /** How many copies have voted. */
  get voted(): number {
    return this.count - this.#missing
  }

  get isAnswered(): boolean {
    return this.#missing === 0
  }

  /** The next copies for a pass, at most this many. */
  take(most: number): CopyRange | undefined {
    const [first] = this.#waiting
    if (first === undefined || most === 0) return undefined
    const count = Math.min(first.count, most)
    if (count === first.count) this.#waiting.shift()
    else this.#waiting[0] = { start: first.start + count, count: first.count - count }
    return { start: first.start, count }
  }

  /** Copies of a pass that failed are to be drawn again. */
  putBack(range: CopyRange): void {
    this.#waiting.push(range)
    this.#waiting.sort((a, b) => a.start - b.start)
  }

  /** Counts the votes of copies of a pass, which stand there from place `first` on. */
  deal(range: CopyRange, { first, cast }: { readonly first: number; readonly cast: CastVotes }): void {
    this.#missing -= range.count
    for (const [ballot, votes] of this.votes) {
      for (const label of (cast[ballot] ?? []).slice(first, first + range.count)) {
        if (label >= 0) votes[label] = (votes[label] ?? 0) + 1
      }
    }
  }
}
