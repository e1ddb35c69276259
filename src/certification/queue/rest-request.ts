import { type KeptTensors, OPEN } from '../voters/voter'
import { CopyRequest } from './copy-request'
import type { ImageAtWork } from './image-at-work'
import type { PassPart } from './open-copies'
import { type AskedCopies, type CopyRange, type DealtRun, type Labels, WaitingCopies } from './waiting-copies'

/** The tensors of open copies, kept until each has a class. */
export class KeptCopies {
  readonly tensors: KeptTensors
  readonly #free: () => void
  #left: number

  /** @param options - `count`: number of copies whose class is needed; `free` is called when none is needed any more */
  constructor(tensors: KeptTensors, { count, free }: { readonly count: number; readonly free: () => void }) {
    this.tensors = tensors
    this.#free = free
    this.#left = count
    if (count === 0) free()
  }

  /** Marks this many as no longer needed. */
  release(count: number): void {
    this.#left -= count
    if (this.#left === 0) this.#free()
  }
}

/** Open copies of one request, adjacent among the kept copies of a pass. */
export class RestRequest implements AskedCopies {
  readonly kept: KeptCopies
  readonly ballots: readonly [string]
  readonly #request: CopyRequest
  readonly #waiting: WaitingCopies

  /** @param range - the rows among the kept ones */
  constructor(
    request: CopyRequest,
    { ballot, kept, ...range }: CopyRange & { readonly ballot: string; readonly kept: KeptCopies },
  ) {
    this.kept = kept
    this.ballots = [ballot]
    this.#request = request
    this.#waiting = new WaitingCopies(range)
  }

  get waiting(): number {
    return this.#waiting.count
  }

  take(most: number): CopyRange | undefined {
    return this.#waiting.take(most)
  }

  putBack(range: CopyRange): void {
    this.#waiting.putBack(range)
  }

  deal({ count }: CopyRange, { first, labels }: DealtRun): void {
    const [ballot] = this.ballots
    this.#request.tally(ballot, (labels[ballot] ?? []).slice(first, first + count))
    this.kept.release(count)
  }

  drop({ count }: CopyRange): void {
    this.kept.release(count)
  }
}

/** Classes of a pass with some open, and the kept tensors of the open ones, in order. */
export interface OpenVotes {
  readonly labels: Labels
  readonly kept: { readonly tensors: KeptTensors; free(): void }
}

/** Makes requests for the open classes of a pass, for images that were not withdrawn. */
export function restRequests<Image>(
  parts: readonly PassPart<Image>[],
  { ballot, votes: { labels, kept } }: { readonly ballot: string; readonly votes: OpenVotes },
): readonly { readonly request: RestRequest; readonly image: ImageAtWork<Image> }[] {
  let [first, row] = [0, 0]
  const open = parts.flatMap(({ request, image, count: copies }) => {
    const count = labels.slice(first, first + copies).filter(label => label === OPEN).length
    const start = row
    first += copies
    row += count
    const isAsked = request instanceof CopyRequest && request.votes.has(ballot) && !image.isWithdrawn
    return isAsked && count > 0 ? [{ request, image, range: { start, count } }] : []
  })
  const count = open.reduce((total, { range }) => total + range.count, 0)
  const copies = new KeptCopies(kept.tensors, { count, free: () => kept.free() })
  return open.map(({ request, image, range }) => ({
    request: new RestRequest(request, { ...range, ballot, kept: copies }),
    image,
  }))
}
