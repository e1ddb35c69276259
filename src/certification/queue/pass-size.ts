import { isOutOfMemory } from '../../bridge'
import { BLOCK } from './block'

/**
 * How many noisy copies a pass holds: `batch`, in whole blocks where it has one, and not many more than there are.
 *
 * @param options.copies - how many copies the whole command asks for at most
 */
export function passSizeOf({ batch, copies }: { readonly batch: number; readonly copies: number }): number {
  const most = batch < BLOCK ? batch : batch - (batch % BLOCK)
  return Math.min(most, Math.ceil(copies / BLOCK) * BLOCK)
}

/** The one size of the passes of a line, halved for all of them where memory runs out. */
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
   * Halves the size after a pass that failed. Passes that were under way beside it fail too; the size is halved once for all.
   *
   * @param tried - the size of the pass that failed
   * @throws the error of the pass unless memory ran out, and where even one copy is too much
   */
  halve(tried: number, error: unknown): void {
    if (tried === 1 || !isOutOfMemory(error)) throw error
    if (this.#size !== tried) return
    this.#size = passSizeOf({ batch: Math.floor(tried / 2), copies: tried })
    this.#onNote?.(`Memory does not suffice for batches of ${tried}; continuing with ${this.#size}.`)
  }
}
