import { type CallSite, captureCallSite } from './call-site'
import type { Handle } from './handle'
import type { Instruction, Parameters } from './program'
import type { Session } from './session'

/** Constructs the handle of a value. */
export type Make = (session: Session, id: number) => Handle

export interface Recorded extends Instruction {
  readonly callSite: CallSite
  /** For each handle that the instruction makes. */
  readonly makers: readonly Make[]
  /** The instructions of the called procedure. */
  readonly inner: readonly Recorded[]
}

/** Recorded instructions that are not sent yet. */
export class Recording {
  readonly instructions: Recorded[] = []
  /** Handles of earlier programs that die before the first instruction. */
  readonly frees: number[] = []
  /** Index of the last instruction that makes or takes a handle. */
  readonly #lastUse = new Map<number, number>()

  add({
    operation,
    takes,
    makes,
    makers,
    parameters,
    inner = [],
  }: {
    operation: string
    takes: readonly Handle[]
    makes: readonly number[]
    makers: readonly Make[]
    parameters: Parameters
    inner?: readonly Recorded[]
  }): void {
    const index = this.instructions.length
    const ids = takes.map(handle => handle.id)
    for (const id of ids) this.#lastUse.set(id, index)
    for (const id of makes) this.#lastUse.set(id, index)
    const callSite = captureCallSite()
    this.instructions.push({ operation, takes: ids, makes, makers, parameters, frees: [], callSite, inner })
  }

  /** Frees the handle after the last instruction that uses it; if none does, before the first. */
  free(id: number): void {
    const lastUse = this.#lastUse.get(id)
    const frees = lastUse === undefined ? this.frees : this.instructions[lastUse]?.frees
    frees?.push(id)
  }
}
