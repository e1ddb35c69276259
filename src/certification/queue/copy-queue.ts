import type { Outcome } from '../../logs/outcome'
import type { Certifier } from '../certifiers'
import type { Voter } from '../voters'
import { BLOCK } from './block'
import type { CastVotes, CopyRange } from './copy-request'
import { ImageAtWork } from './image-at-work'
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

export interface CopyQueueOptions<Image> {
  /** What can be asked, by name, and the size of its passes. */
  readonly lines: ReadonlyMap<string, Pick<Voter, 'ballots'> & { readonly size: PassSize }>
  /** Has a pass vote. It is called again before it has answered. */
  readonly vote: (pass: Pass<Image>) => Promise<CastVotes>
  /** The next image and who certifies it; undefined after the last. */
  readonly next: () => Promise<
    { readonly image: Image; readonly certifiers: readonly Certifier[] } | undefined
  >
  /** How many images are at work at once at most; those that wait for an earlier one count. Default: as many as fill passes. */
  readonly images?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Told about each second how many copies of the first image at work have voted, of those asked for. */
  readonly onCopies?: ((copies: number, of: number) => void) | undefined
}

/** What has come of an image. */
export interface CertifiedFromQueue<Image> {
  readonly image: Image
  readonly outcomes: readonly Outcome[]
  /** The time of passes that its copies took. */
  readonly durationMs: number
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
const UNDER_WAY = 2

const COUNTED_EVERY_MS = 1000

/**
 * Between certifiers and networks: fills passes of one size from all that is asked for, of several images where need be, pads
 * the last, and deals the votes back. Which copies share a pass decides nothing: the noise of a copy is named by its image,
 * stage and number, and what a network rounds depends on the size of the pass alone.
 */
export class CopyQueue<Image> {
  readonly #options: CopyQueueOptions<Image>
  readonly #lines: readonly LineAtWork<Image>[]
  readonly #images: number
  /** In their order; the first is not done. */
  #atWork: ImageAtWork<Image>[] = []
  readonly #underWay: PassUnderWay<Image>[] = []
  #begun = 0
  #isAtEnd = false
  #answeredMs = Number.NEGATIVE_INFINITY
  #toldMs = Number.NEGATIVE_INFINITY

  constructor(options: CopyQueueOptions<Image>) {
    this.#options = options
    this.#lines = [...options.lines].map(([name, { size }]) => ({
      name,
      size,
      open: new OpenCopies<Image>(),
    }))
    const largest = Math.max(...this.#lines.map(({ size }) => size.size))
    this.#images = options.images ?? Math.max(2, Math.ceil((UNDER_WAY * largest) / BLOCK))
  }

  /**
   * The images in their order, each when it and those before it are done.
   *
   * @throws what an image or a pass fails with, after the images before it; the reason of `signal`
   */
  async *certified(): AsyncGenerator<CertifiedFromQueue<Image>> {
    const { signal } = this.#options
    for (;;) {
      const done = this.#takeDone()
      // First, so that Python works while the caller does.
      await this.#fill()
      for (const { image, outcomes, durationMs } of done) {
        signal?.throwIfAborted()
        yield { image, outcomes, durationMs }
      }
      if (this.#underWay.length > 0) await this.#answerOldest()
      else if (this.#isAtEnd && this.#atWork.length === 0) return
    }
  }

  /** The images that are done, and have none before them that is not. */
  #takeDone(): readonly ImageAtWork<Image>[] {
    const first = this.#atWork.findIndex(({ isDone }) => !isDone)
    return this.#atWork.splice(0, first < 0 ? this.#atWork.length : first)
  }

  /** Sends passes while there are full ones; one that is not full where nothing can be added to it. */
  async #fill(): Promise<void> {
    const { signal } = this.#options
    signal?.throwIfAborted()
    while (this.#underWay.length < UNDER_WAY) {
      const fullest = this.#fullest()
      if (fullest !== undefined && fullest.open.waiting >= fullest.size.size) this.#send(fullest)
      else if (!this.#isAtEnd && this.#atWork.length < this.#images) await this.#admit()
      else if (fullest !== undefined && this.#underWay.length === 0) this.#send(fullest)
      else return
    }
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

  async #admit(): Promise<void> {
    const { next, signal, lines } = this.#options
    const admitted = await untilAborted(next(), signal)
    if (admitted === undefined) {
      this.#isAtEnd = true
      return
    }
    const { image, certifiers } = admitted
    const atWork = new ImageAtWork(image, { position: this.#begun, certifiers, lines })
    this.#begun += 1
    this.#atWork.push(atWork)
    this.#ask(atWork)
  }

  #ask(atWork: ImageAtWork<Image>): void {
    for (const request of atWork.advance()) {
      this.#lines.find(({ name }) => name === request.line)?.open.add(request, atWork)
    }
  }

  #send(line: LineAtWork<Image>): void {
    const { size } = line.size
    const parts = line.open.take(size)
    const ballots = [...new Set(parts.flatMap(({ request }) => [...request.votes.keys()]))].sort()
    const runs = parts.map(({ image, request, start, count }) => ({
      ...{ image: image.image, stage: request.stage, start, count },
    }))
    const answer = this.#options.vote({ line: line.name, size, runs, ballots })
    // It is looked at when its turn comes, which an earlier failure may prevent.
    answer.catch(() => undefined)
    this.#underWay.push({ line, size, parts, answer, begunMs: performance.now() })
  }

  async #answerOldest(): Promise<void> {
    const [pass] = this.#underWay as [PassUnderWay<Image>, ...PassUnderWay<Image>[]]
    const { line, size, parts, answer } = pass
    try {
      const cast = await untilAborted(answer, this.#options.signal)
      this.#underWay.shift()
      this.#deal(pass, cast)
    } catch (error) {
      if (this.#underWay[0] !== pass) throw error
      line.size.halve(size, error)
      this.#underWay.shift()
      line.open.putBack(parts)
    }
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
    for (const image of new Set(parts.map(part => part.image))) this.#ask(image)
    this.#tell(nowMs)
  }

  #tell(nowMs: number): void {
    const { onCopies } = this.#options
    const [first] = this.#atWork
    if (onCopies === undefined || first === undefined || first.isDone) return
    const { voted, asked } = first.copies
    if (voted === 0 || nowMs - this.#toldMs < COUNTED_EVERY_MS) return
    this.#toldMs = nowMs
    onCopies(voted, asked)
  }
}
