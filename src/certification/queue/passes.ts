import type { Voter } from '../voters'
import type { CastVotes, CopyRange } from './copy-request'
import type { ImageAtWork } from './image-at-work'
import { OpenCopies, type PassPart } from './open-copies'
import type { PassSize } from './pass-size'
import { untilAborted } from './until-aborted'

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

export interface PassesOptions<Image> {
  /** What can be asked, by name, and the size of its passes. */
  readonly lines: ReadonlyMap<string, Pick<Voter, 'ballots'> & { readonly size: PassSize }>
  /** Has a pass vote. It is called again before it has answered. */
  readonly vote: (pass: Pass<Image>) => Promise<CastVotes>
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
    this.#lines = [...options.lines].map(([name, { size }]) => ({
      name,
      size,
      open: new OpenCopies<Image>(),
    }))
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
      this.#lines.find(({ name }) => name === request.line)?.open.add(request, atWork)
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
        return { images, failure: { error } }
      }
      line.open.putBack(parts.filter(({ image }) => !image.isWithdrawn))
      return { images: [] }
    }
    this.#underWay.shift()
    this.#deal(pass, cast)
    for (const image of images) this.ask(image)
    return { images }
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
    const ballots = [...new Set(parts.flatMap(({ request }) => [...request.votes.keys()]))].sort()
    const runs = parts.map(({ image, request, start, count }) => ({
      ...{ image: image.image, stage: request.stage, start, count },
    }))
    const answer = this.#options.vote({ line: line.name, size, runs, ballots })
    // It is looked at when its turn comes, which an earlier failure may prevent.
    answer.catch(() => undefined)
    this.#underWay.push({ line, size, parts, answer, begunMs: performance.now() })
  }

  #deal({ parts, begunMs }: PassUnderWay<Image>, cast: CastVotes): void {
    const nowMs = performance.now()
    const perCopyMs =
      (nowMs - Math.max(begunMs, this.#answeredMs)) / parts.reduce((total, { count }) => total + count, 0)
    this.#answeredMs = nowMs
    let first = 0
    for (const { request, image, ...range } of parts) {
      request.deal(range, { first, cast })
      image.durationMs += perCopyMs * range.count
      first += range.count
    }
  }
}
