import { OPEN } from '../voters/voter'
import { type AskedCopies, type CopyRange, type Labels, WaitingCopies } from './waiting-copies'

/** Copies of a stage of one image that somebody waits for: which are still to be drawn, and the votes that have come. */
export class CopyRequest implements AskedCopies {
  readonly line: string
  readonly stage: string
  readonly count: number
  /** Votes by class, by ballot. */
  readonly votes: ReadonlyMap<string, number[]>
  readonly #waiting: WaitingCopies
  /** How many classes have not come: of each copy one by ballot. */
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
    this.#waiting = new WaitingCopies({ start, count })
    this.#missing = count * classes.size
  }

  get waiting(): number {
    return this.#waiting.count
  }

  get ballots(): readonly string[] {
    return [...this.votes.keys()]
  }

  /** How many copies have voted. */
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

  deal(
    range: CopyRange,
    { first, labels }: { readonly first: number; readonly labels: Readonly<Record<string, Labels>> },
  ): void {
    for (const ballot of this.votes.keys()) {
      this.tally(ballot, (labels[ballot] ?? []).slice(first, first + range.count))
    }
  }

  /** Counts classes of a ballot; those that are open are still to come. */
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
