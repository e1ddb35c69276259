import { isOutOfMemory } from '../bridge'

/** How much work is done at once: as much as asked for, less where memory runs out. */
export class BatchSize {
  #size: number
  readonly #onNote: ((note: string) => void) | undefined

  constructor(size: number, { onNote }: { readonly onNote?: ((note: string) => void) | undefined } = {}) {
    this.#size = size
    this.#onNote = onNote
  }

  /**
   * Does a piece of work with the batch size, and again with half of it each time that memory runs out. Work that has
   * begun before does the same for itself; the size is halved once for all of it.
   */
  async run<T>(work: (batch: number) => Promise<T>): Promise<T> {
    for (;;) {
      const tried = this.#size
      try {
        return await work(tried)
      } catch (error) {
        if (tried === 1 || !isOutOfMemory(error)) throw error
        if (this.#size === tried) {
          this.#size = Math.floor(tried / 2)
          this.#onNote?.(`Memory does not suffice for batches of ${tried}; going on with ${this.#size}.`)
        }
      }
    }
  }
}
