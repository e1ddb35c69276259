import { isOutOfMemory } from '../../bridge'
import { BLOCK } from './block'

/**
 * Returns the number of noisy copies per pass: `batch`, in whole blocks if it has at least one, and not many more than needed.
 *
 * @param options - `copies`: largest number of copies that the whole command requests
 */
export function passSizeOf({ batch, copies }: { readonly batch: number; readonly copies: number }): number {
  const most = batch < BLOCK ? batch : batch - (batch % BLOCK)
  return Math.min(most, Math.ceil(copies / BLOCK) * BLOCK)
}

/** The common size of a line's passes, halved for all of them if memory runs out. */
export class PassSize {
  #size: number
  readonly #onNote: ((note: string) => void) | undefined

  constructor(size: number, { onNote }: { readonly onNote?: ((note: string) => void) | undefined } = {}) {
    this.#size = size
    this.#onNote = onNote
  }

  get size(): number {
    return this.#size
  }

  /**
   * Halves the size after a failed pass. Concurrent passes fail too; the size is halved once for all.
   *
   * @param tried - the size of the failed pass
   * @throws the error of the pass unless memory ran out, or if even one copy is too much
   */
  halve(tried: number, error: unknown): void {
    if (tried === 1 || !isOutOfMemory(error)) throw error
    if (this.#size !== tried) return
    this.#size = passSizeOf({ batch: Math.floor(tried / 2), copies: tried })
    this.#onNote?.(`Memory does not suffice for batches of ${tried}; continuing with ${this.#size}.`)
  }
}
