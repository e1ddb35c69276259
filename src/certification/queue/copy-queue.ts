import type { Outcome } from '../../logs/outcome'
import type { StreamName } from '../../streams'
import type { Certifier } from '../certifiers'
import { BLOCK } from './block'
import { ImageAtWork } from './image-at-work'
import { Passes, type PassesOptions, UNDER_WAY } from './passes'
import { untilAborted } from './until-aborted'

export type { Pass, PassRun, RestPass } from './passes'

export interface CopyQueueOptions<Image> extends Omit<PassesOptions<Image>, 'order'> {
  /** The next image and its certifiers; undefined after the last. */
  readonly next: () => Promise<
    | {
        readonly image: Image
        /** Its name, see `ImageAtWork`. */
        readonly stream?: StreamName
        readonly certifiers: readonly Certifier[]
      }
    | undefined
  >
  /** Largest number of images in progress, including those that wait for an earlier one. Default: as many as fill passes. */
  readonly images?: number | undefined
  /** Called about once a second with how many copies of the first image in progress have voted, and how many were requested. */
  readonly onCopies?: ((copies: number, of: number) => void) | undefined
}

/** The result for an image. */
export interface CertifiedFromQueue<Image> {
  readonly image: Image
  readonly outcomes: readonly Outcome[]
  /** Computing time of its copies. */
  readonly durationMs: number
}

const COUNTED_EVERY_MS = 1000

/** If copies are left open, images also wait for passes of those: a queue needs this many times as many images to fill them. */
const WAITING_FOR_RESTS = 4

/** Connects certifiers and networks: certifies images in order, with as many in progress as fill passes; see {@link Passes}. */
export class CopyQueue<Image> {
  readonly #options: CopyQueueOptions<Image>
  readonly #passes: Passes<Image>
  readonly #images: number
  /** In order; the first is not done. */
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
   * Yields the images in order, each when it and those before it are done.
   *
   * @throws the error of an image or a pass, after the images before it; the reason of `signal`
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

  /** Removes and returns the completed images at the front of the queue. */
  #takeDone(): readonly ImageAtWork<Image>[] {
    const first = this.#atWork.findIndex(({ isDone }) => !isDone)
    return this.#atWork.splice(0, first < 0 ? this.#atWork.length : first)
  }

  /** Sends passes while full ones are available; a partial one only if nothing can be added to it. */
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
