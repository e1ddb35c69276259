import type { KeptTensors } from '../voters'
import { CopyRequest } from './copy-request'
import type { ImageAtWork } from './image-at-work'
import type { QueueLine } from './line'
import { OpenCopies, type PassPart } from './open-copies'
import type { PassSize } from './pass-size'
import { type OpenVotes, RestRequest, restRequests } from './rest-request'
import { untilAborted } from './until-aborted'
import type { CopyRange, Labels, PassVotes } from './waiting-copies'

/** Copies in a pass. */
export interface PassRun<Image> extends CopyRange {
  readonly image: Image
  readonly stage: string
}

/** Copies that vote together. */
export interface Pass<Image> {
  readonly line: string
  /** Number of copies in the pass: those of the runs, in order, and padding. */
  readonly size: number
  readonly runs: readonly PassRun<Image>[]
  /** The ballots that any of them needs. */
  readonly ballots: readonly string[]
}

/** Open copies of earlier passes, whose classes another network settles. */
export interface RestPass {
  readonly line: string
  readonly ballot: string
  /** Number of copies in the pass: those of the runs, in order, and padding. */
  readonly size: number
  /** Rows of the kept tensors. */
  readonly runs: readonly (CopyRange & { readonly kept: KeptTensors })[]
}

/** The class of each copy of a pass, by ballot; for scores, the sums of each run. */
export type CastVotes = Readonly<Record<string, Labels | OpenVotes | ScoreVotes>>

/** The entries of a `Tally` of scores for each run of a pass. */
export interface ScoreVotes {
  readonly sums: readonly (readonly number[])[]
}

export interface PassesOptions<Image> {
  /** The lines, by name. */
  readonly lines: ReadonlyMap<string, QueueLine>
  /** Runs a pass. It is called again before the previous call has resolved. */
  readonly vote: (pass: Pass<Image>) => Promise<CastVotes>
  /** Runs a pass of open copies; called if lines have `rests`. */
  readonly voteRest?: ((pass: RestPass) => Promise<Labels>) | undefined
  readonly signal?: AbortSignal | undefined
  /** Order of copies: those of earlier images first, or an equal part of each image in turn. */
  readonly order: 'earlier first' | 'in turn'
}

/** The result of the oldest pass: the images that it voted on, and its error. */
export interface AnsweredPass<Image> {
  readonly images: readonly ImageAtWork<Image>[]
  readonly failure?: { readonly error: unknown }
}

interface LineAtWork<Image> {
  readonly name: string
  /** The ballot whose open copies were settled; undefined for a pass of new copies. */
  readonly rest?: string
  readonly size: PassSize
  readonly open: OpenCopies<Image>
}

interface PassUnderWay<Image> {
  readonly line: LineAtWork<Image>
  readonly size: number
  readonly parts: readonly PassPart<Image>[]
  readonly answer: Promise<CastVotes>
  readonly begunMs: number
}

/** While one pass is computed, the next one waits in Python. */
export const UNDER_WAY = 2

/**
 * Fills passes of one size from the images' requests, pads the last, and distributes the votes. The composition of a pass does not affect
 * results: the noise of a copy is named by its image, stage and number, and rounding in a network depends only on the size of the pass.
 */
export class Passes<Image> {
  readonly #options: PassesOptions<Image>
  readonly #lines: readonly LineAtWork<Image>[]
  readonly #underWay: PassUnderWay<Image>[] = []
  #answeredMs = Number.NEGATIVE_INFINITY

  constructor(options: PassesOptions<Image>) {
    this.#options = options
    this.#lines = [...options.lines].flatMap(([name, { size, rests = [] }]) => [
      { name, size, open: new OpenCopies<Image>() },
      ...[...rests].map(([rest, own]) => ({ name, rest, size: own, open: new OpenCopies<Image>() })),
    ])
  }

  /** Number of passes in flight. */
  get underWay(): number {
    return this.#underWay.length
  }

  /** The size of the largest pass. */
  get largest(): number {
    return Math.max(...this.#lines.map(({ size }) => size.size))
  }

  /** Adds the copies that an image requests next. */
  ask(atWork: ImageAtWork<Image>): void {
    for (const request of atWork.advance()) {
      this.#lineOf(request.line)?.open.add(request, atWork)
    }
  }

  /** Drops the requests of an image. Votes on its copies in flight are discarded. */
  withdraw(atWork: ImageAtWork<Image>): void {
    atWork.withdraw()
    for (const { open } of this.#lines) open.remove(atWork)
  }

  /** Sends a full pass if one can be filled and fewer than two are in flight; returns whether it did. */
  sendFull(): boolean {
    const fullest = this.#fullest()
    if (this.#underWay.length >= UNDER_WAY || fullest === undefined) return false
    if (fullest.open.waiting < fullest.size.size) return false
    this.#send(fullest)
    return true
  }

  /** Sends a partial pass if any copy waits and no pass is in flight; returns whether it did. */
  sendRest(): boolean {
    const fullest = this.#fullest()
    if (this.#underWay.length > 0 || fullest === undefined) return false
    this.#send(fullest)
    return true
  }

  /** Waits for the oldest pass in flight, and distributes its votes. Copies that did not fit into memory wait again. */
  async answerOldest(): Promise<AnsweredPass<Image>> {
    const [pass] = this.#underWay as [PassUnderWay<Image>, ...PassUnderWay<Image>[]]
    const { line, size, parts, answer } = pass
    const images = [...new Set(parts.map(({ image }) => image))]
    let cast: CastVotes
    try {
      cast = await untilAborted(answer, this.#options.signal)
    } catch (error) {
      this.#underWay.shift()
      try {
        line.size.halve(size, error)
      } catch {
        for (const { request, start, count } of parts) request.drop({ start, count })
        return { images, failure: { error } }
      }
      line.open.putBack(parts)
      return { images: [] }
    }
    this.#underWay.shift()
    this.#deal(pass, cast)
    for (const image of images) this.ask(image)
    return { images }
  }

  #lineOf(line: string, ballot?: string): LineAtWork<Image> | undefined {
    return this.#lines.find(({ name, rest }) => name === line && rest === ballot)
  }

  /** Returns the line with the most waiting passes; undefined if nothing waits. */
  #fullest(): LineAtWork<Image> | undefined {
    const passes = ({ open, size }: LineAtWork<Image>) => open.waiting / size.size
    const waiting = this.#lines.filter(({ open }) => open.waiting > 0)
    return waiting.reduce<LineAtWork<Image> | undefined>(
      (best, line) => (best === undefined || passes(line) > passes(best) ? line : best),
      undefined,
    )
  }

  #send(line: LineAtWork<Image>): void {
    const { size } = line.size
    const parts = this.#options.order === 'in turn' ? line.open.takeInTurn(size) : line.open.take(size)
    const answer = line.rest === undefined ? this.#vote(line, parts) : this.#voteRest(line, line.rest, parts)
    // Handled when its turn comes, unless an earlier failure prevents that.
    answer.catch(() => undefined)
    this.#underWay.push({ line, size, parts, answer, begunMs: performance.now() })
  }

  #vote(
    { name: line, size: { size } }: LineAtWork<Image>,
    parts: readonly PassPart<Image>[],
  ): Promise<CastVotes> {
    const ballots = [...new Set(parts.flatMap(({ request }) => request.ballots))].sort()
    const runs = parts.flatMap(({ image: { image }, request, start, count }) =>
      request instanceof CopyRequest ? [{ image, stage: request.stage, start, count }] : [],
    )
    return this.#options.vote({ line, size, runs, ballots })
  }

  async #voteRest(
    { name: line, size: { size } }: LineAtWork<Image>,
    ballot: string,
    parts: readonly PassPart<Image>[],
  ): Promise<CastVotes> {
    const runs = parts.flatMap(({ request, start, count }) =>
      request instanceof RestRequest ? [{ kept: request.kept.tensors, start, count }] : [],
    )
    const labels = await this.#options.voteRest?.({ line, ballot, size, runs })
    return { [ballot]: labels ?? [] }
  }

  #deal({ line, parts, begunMs }: PassUnderWay<Image>, cast: CastVotes): void {
    const nowMs = performance.now()
    const perCopyMs =
      (nowMs - Math.max(begunMs, this.#answeredMs)) / parts.reduce((total, { count }) => total + count, 0)
    this.#answeredMs = nowMs
    const votes = passVotes(cast)
    let first = 0
    for (const [run, { request, image, ...range }] of parts.entries()) {
      request.deal(range, { ...votes, first, run })
      image.durationMs += perCopyMs * range.count
      first += range.count
    }
    for (const [ballot, votes] of Object.entries(cast)) {
      if (!('kept' in votes)) continue
      const rest = this.#lineOf(line.name, ballot)
      for (const { request, image } of restRequests(parts, { ballot, votes })) rest?.open.add(request, image)
    }
  }
}

function passVotes(cast: CastVotes): PassVotes {
  const labels: Record<string, Labels> = {}
  const sums: Record<string, ScoreVotes['sums']> = {}
  for (const [ballot, votes] of Object.entries(cast)) {
    if ('sums' in votes) sums[ballot] = votes.sums
    else labels[ballot] = 'kept' in votes ? votes.labels : votes
  }
  return { labels, sums }
}
