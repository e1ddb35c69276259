import type { Certifier } from '../certifiers'
import type { CertifiedFromQueue } from './copy-queue'
import { ImageAtWork, type VotesSoFar } from './image-at-work'
import { Passes, type PassesOptions } from './passes'

export interface SubmitOptions {
  /** Withdraws the image and drops its requests. */
  readonly signal?: AbortSignal | undefined
  /** Called after each pass with copies of the image. An error in it fails only this image. */
  readonly onVotes?: ((votes: VotesSoFar) => void) | undefined
}

interface Entry<Image> extends SubmitOptions {
  readonly settle: (result: CertifiedFromQueue<Image> | { readonly error: unknown }) => void
}

/**
 * Certifies images that arrive at any time, and resolves each as soon as it is done. Images in progress share passes in equal parts, in
 * turn: an image with many copies does not hold up one with few.
 */
export class LiveQueue<Image> {
  readonly #lines: PassesOptions<Image>['lines']
  readonly #passes: Passes<Image>
  readonly #entries = new Map<ImageAtWork<Image>, Entry<Image>>()
  #isRunning = false

  constructor(options: Omit<PassesOptions<Image>, 'order' | 'signal'>) {
    this.#lines = options.lines
    this.#passes = new Passes({ ...options, order: 'in turn' })
  }

  /** Number of images in progress. */
  get images(): number {
    return this.#entries.size
  }

  /**
   * Certifies an image.
   *
   * @throws the error of its certifiers or of a pass with its copies; the reason of `signal`
   */
  submit(
    image: Image,
    certifiers: readonly Certifier[],
    { signal, onVotes }: SubmitOptions = {},
  ): Promise<CertifiedFromQueue<Image>> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason)
      const atWork = new ImageAtWork(image, { position: 0, certifiers, lines: this.#lines })
      const abort = () => this.#settle(atWork, { error: signal?.reason })
      signal?.addEventListener('abort', abort, { once: true })
      const settle: Entry<Image>['settle'] = result => {
        signal?.removeEventListener('abort', abort)
        if ('error' in result) reject(result.error)
        else resolve(result)
      }
      this.#entries.set(atWork, { settle, onVotes })
      this.#passes.ask(atWork)
      if (atWork.isDone) this.#finish(atWork)
      else if (this.#isRunning) this.#sendFull()
      else void this.#run()
    })
  }

  /** Processes passes until nothing is waiting. An image's failure does not stop it: each has its own. */
  async #run(): Promise<void> {
    this.#isRunning = true
    // Images submitted together share the first pass.
    await Promise.resolve()
    for (;;) {
      this.#sendFull()
      if (this.#passes.underWay === 0 && !this.#passes.sendRest()) break
      const { images, failure } = await this.#passes.answerOldest()
      for (const image of images) {
        if (failure !== undefined) this.#settle(image, failure)
        else this.#tell(image)
      }
    }
    this.#isRunning = false
  }

  #sendFull(): void {
    while (this.#passes.sendFull());
  }

  #tell(atWork: ImageAtWork<Image>): void {
    const entry = this.#entries.get(atWork)
    if (entry === undefined) return
    try {
      const votes = atWork.votes
      if (votes !== undefined) entry.onVotes?.(votes)
    } catch (error) {
      this.#settle(atWork, { error })
      return
    }
    if (atWork.isDone) this.#finish(atWork)
  }

  #finish(atWork: ImageAtWork<Image>): void {
    try {
      const { image, outcomes, durationMs } = atWork
      this.#settle(atWork, { image, outcomes, durationMs })
    } catch (error) {
      this.#settle(atWork, { error })
    }
  }

  #settle(atWork: ImageAtWork<Image>, result: CertifiedFromQueue<Image> | { readonly error: unknown }): void {
    const entry = this.#entries.get(atWork)
    this.#entries.delete(atWork)
    this.#passes.withdraw(atWork)
    entry?.settle(result)
  }
}
