import type { KeptTensors } from '../voters'
import { CopyRequest } from './copy-request'
import type { ImageAtWork } from './image-at-work'
import type { QueueLine } from './line'
import { OpenCopies, type PassPart } from './open-copies'
import type { PassSize } from './pass-size'
import { type OpenVotes, RestRequest, restRequests } from './rest-request'
import { untilAborted } from './until-aborted'
import type { CopyRange, Labels } from './waiting-copies'

/** Copies in a pass. */
export interface PassRun<Image> extends CopyRange {
  readonly image: Image
  readonly stage: string
}

/** What is to vote at once. */
export interface Pass<Image> {
  readonly line: string
  /** How many copies the pass holds: those of the runs, in their order, and padding. */
  readonly size: number
  readonly runs: readonly PassRun<Image>[]
  /** The ballots that any of them is asked about. */
  readonly ballots: readonly string[]
}

/** Copies that a pass has left open, for those who settle their classes. */
export interface RestPass {
  readonly line: string
  readonly ballot: string
  /** How many copies the pass holds: those of the runs, in their order, and padding. */
  readonly size: number
  /** Rows of what was kept. */
  readonly runs: readonly (CopyRange & { readonly kept: KeptTensors })[]
}

/** The class of each copy of a pass, by ballot. */
export type CastVotes = Readonly<Record<string, Labels | OpenVotes>>

export interface PassesOptions<Image> {
  /** What can be asked, by name. */
  readonly lines: ReadonlyMap<string, QueueLine>
  /** Has a pass vote. It is called again before it has answered. */
  readonly vote: (pass: Pass<Image>) => Promise<CastVotes>
  /** Has a pass of copies that were left open vote; called where lines have `rests`. */
  readonly voteRest?: ((pass: RestPass) => Promise<Labels>) | undefined
  readonly signal?: AbortSignal | undefined
  /** Whose copies go first: those of earlier images, or in turn an equal part of each image. */
  readonly order: 'earlier first' | 'in turn'
}

/** What has come of the oldest pass: the images that it voted on, and what it failed with. */
export interface AnsweredPass<Image> {
  readonly images: readonly ImageAtWork<Image>[]
  readonly failure?: { readonly error: unknown }
}

interface LineAtWork<Image> {
  readonly name: string
  /** The ballot of which open copies are settled; undefined where copies are drawn. */
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

/** While one pass is computed the next one waits in Python. */
export const UNDER_WAY = 2

/**
 * Fills passes of one size from the copies that images ask for, pads the last, and deals the votes back. Which copies share
 * a pass decides nothing: the noise of a copy is named by its image, stage and number, and what a network rounds depends on
 * the size of the pass alone.
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

  /** How many passes are sent and not answered. */
  get underWay(): number {
    return this.#underWay.length
  }

  /** The size of the largest pass. */
  get largest(): number {
    return Math.max(...this.#lines.map(({ size }) => size.size))
  }

  /** Opens the copies that an image asks for next. */
  ask(atWork: ImageAtWork<Image>): void {
    for (const request of atWork.advance()) {
      this.#lineOf(request.line)?.open.add(request, atWork)
    }
  }

  /** Forgets what an image has asked for. Its copies that are under way vote for nobody. */
  withdraw(atWork: ImageAtWork<Image>): void {
    atWork.withdraw()
    for (const { open } of this.#lines) open.remove(atWork)
  }

  /** Sends a full pass, if one can be filled and fewer than two are under way; says whether it has. */
  sendFull(): boolean {
    const fullest = this.#fullest()
    if (this.#underWay.length >= UNDER_WAY || fullest === undefined) return false
    if (fullest.open.waiting < fullest.size.size) return false
    this.#send(fullest)
    return true
  }

  /** Sends a pass that is not full, if any copy waits and no pass is under way; says whether it has. */
  sendRest(): boolean {
    const fullest = this.#fullest()
    if (this.#underWay.length > 0 || fullest === undefined) return false
    this.#send(fullest)
    return true
  }

  /** Waits for the oldest pass that is under way, and deals its votes. Copies that memory did not suffice for wait again. */
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

  /** The line of which most passes wait; undefined where nothing waits. */
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
    // It is looked at when its turn comes, which an earlier failure may prevent.
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
    const labels = Object.fromEntries(
      Object.entries(cast).map(([ballot, votes]) => [ballot, 'kept' in votes ? votes.labels : votes]),
    )
    let first = 0
    for (const { request, image, ...range } of parts) {
      request.deal(range, { first, labels })
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
