import type { Outcome } from '../../logs/outcome'
import type { StreamName } from '../../streams'
import type { Certifier } from '../certifiers'
import { BLOCK } from './block'
import { ImageAtWork } from './image-at-work'
import { Passes, type PassesOptions, UNDER_WAY } from './passes'
import { untilAborted } from './until-aborted'

export type { Pass, PassRun, RestPass } from './passes'

export interface CopyQueueOptions<Image> extends Omit<PassesOptions<Image>, 'order'> {
  /** The next image and who certifies it; undefined after the last. */
  readonly next: () => Promise<
    | {
        readonly image: Image
        /** Its name, see `ImageAtWork`. */
        readonly stream?: StreamName
        readonly certifiers: readonly Certifier[]
      }
    | undefined
  >
  /** How many images are at work at once at most; those that wait for an earlier one count. Default: as many as fill passes. */
  readonly images?: number | undefined
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

const COUNTED_EVERY_MS = 1000

/** Where copies are left open, images wait for passes of those too: this many times as many fill them. */
const WAITING_FOR_RESTS = 4

/** Between certifiers and networks: certifies images in their order, with as many at work as fill passes; see {@link Passes}. */
export class CopyQueue<Image> {
  readonly #options: CopyQueueOptions<Image>
  readonly #passes: Passes<Image>
  readonly #images: number
  /** In their order; the first is not done. */
  #atWork: ImageAtWork<Image>[] = []
  #begun = 0
  #isAtEnd = false
  #toldMs = Number.NEGATIVE_INFINITY

  constructor(options: CopyQueueOptions<Image>) {
    this.#options = options
    this.#passes = new Passes({ ...options, order: 'earlier first' })
    const hasRests = [...options.lines.values()].some(({ rests }) => rests !== undefined && rests.size > 0)
    const fill = Math.max(2, Math.ceil((UNDER_WAY * this.#passes.largest) / BLOCK))
    this.#images = options.images ?? (hasRests ? WAITING_FOR_RESTS * fill : fill)
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
      if (this.#passes.underWay > 0) {
        const { failure } = await this.#passes.answerOldest()
        if (failure !== undefined) throw failure.error
        this.#tell()
      } else if (this.#isAtEnd && this.#atWork.length === 0) return
    }
  }

  /** The images that are done, and have none before them that is not. */
  #takeDone(): readonly ImageAtWork<Image>[] {
    const first = this.#atWork.findIndex(({ isDone }) => !isDone)
    return this.#atWork.splice(0, first < 0 ? this.#atWork.length : first)
  }

  /** Sends passes while there are full ones; one that is not full where nothing can be added to it. */
  async #fill(): Promise<void> {
    this.#options.signal?.throwIfAborted()
    while (this.#passes.underWay < UNDER_WAY) {
      if (this.#passes.sendFull()) continue
      if (!this.#isAtEnd && this.#atWork.length < this.#images) await this.#admit()
      else if (!this.#passes.sendRest()) return
    }
  }

  async #admit(): Promise<void> {
    const { next, signal, lines } = this.#options
    const admitted = await untilAborted(next(), signal)
    if (admitted === undefined) {
      this.#isAtEnd = true
      return
    }
    const { image, ...others } = admitted
    const atWork = new ImageAtWork(image, { position: this.#begun, ...others, lines })
    this.#begun += 1
    this.#atWork.push(atWork)
    this.#passes.ask(atWork)
  }

  #tell(): void {
    const { onCopies } = this.#options
    const [first] = this.#atWork
    if (onCopies === undefined || first === undefined || first.isDone) return
    const nowMs = performance.now()
    const { voted, asked } = first.copies
    if (voted === 0 || nowMs - this.#toldMs < COUNTED_EVERY_MS) return
    this.#toldMs = nowMs
    onCopies(voted, asked)
  }
}
