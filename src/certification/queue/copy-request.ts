import { OPEN } from '../voters/voter'
import { type AskedCopies, type CopyRange, type DealtRun, type Labels, WaitingCopies } from './waiting-copies'

/** Requested copies of a stage of one image: those still to draw, and the votes received. */
export class CopyRequest implements AskedCopies {
  readonly line: string
  readonly stage: string
  readonly count: number
  /** Votes by class, by ballot; for scores, the entries of a `Tally`. */
  readonly votes: ReadonlyMap<string, number[]>
  readonly #waiting: WaitingCopies
  /** Number of classes still missing: one per copy and ballot. */
  #missing: number

  /** @param classes - how many numbers are counted of each ballot that is voted on: of votes the number of classes */
  constructor(
    { line, stage, start, count }: CopyRange & { readonly line: string; readonly stage: string },
    classes: ReadonlyMap<string, number>,
  ) {
    this.line = line
    this.stage = stage
    this.count = count
    this.votes = new Map([...classes].map(([ballot, count]) => [ballot, Array<number>(count).fill(0)]))
    this.#waiting = new WaitingCopies({ start, count })
    this.#missing = count * classes.size
  }

  get waiting(): number {
    return this.#waiting.count
  }

  get ballots(): readonly string[] {
    return [...this.votes.keys()]
  }

  /** Number of copies that have voted. */
  get voted(): number {
    return this.count - Math.ceil(this.#missing / this.votes.size)
  }

  get isAnswered(): boolean {
    return this.#missing === 0
  }

  take(most: number): CopyRange | undefined {
    return this.#waiting.take(most)
  }

  putBack(range: CopyRange): void {
    this.#waiting.putBack(range)
  }

  deal(range: CopyRange, { first, run, labels, sums }: DealtRun): void {
    for (const [ballot, votes] of this.votes) {
      const added = sums[ballot]?.[run]
      if (added !== undefined) {
        this.#missing -= range.count
        for (const [place, sum] of added.entries()) votes[place] = (votes[place] ?? 0) + sum
      } else this.tally(ballot, (labels[ballot] ?? []).slice(first, first + range.count))
    }
  }

  /** Counts classes of a ballot; open ones arrive later. */
  tally(ballot: string, labels: Labels): void {
    const votes = this.votes.get(ballot) ?? []
    for (const label of labels) {
      if (label === OPEN) continue
      this.#missing -= 1
      if (label >= 0) votes[label] = (votes[label] ?? 0) + 1
    }
  }

  drop(): void {}
}
