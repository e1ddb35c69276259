import type { CallSite } from './call-site'
import type { Handle } from './handle'
import type { Instruction, Parameters } from './program'

export interface Recorded extends Instruction {
  readonly callSite: CallSite
}

/** What is recorded and not sent yet. */
export class Recording {
  readonly instructions: Recorded[] = []
  /** Handles of earlier programs that die before the first instruction. */
  readonly frees: number[] = []
  /** Index of the instruction that makes or takes a handle last. */
  readonly #lastUse = new Map<number, number>()

  add({
    operation,
    takes,
    makes,
    parameters,
    callSite,
  }: {
    operation: string
    takes: readonly Handle[]
    makes: readonly number[]
    parameters: Parameters
    callSite: CallSite
  }): void {
    const index = this.instructions.length
    const ids = takes.map(handle => handle.id)
    for (const id of ids) this.#lastUse.set(id, index)
    for (const id of makes) this.#lastUse.set(id, index)
    this.instructions.push({ operation, takes: ids, makes, parameters, frees: [], callSite })
  }

  /** The handle dies after the last instruction that uses it; if none does, before the first. */
  free(id: number): void {
    const lastUse = this.#lastUse.get(id)
    const frees = lastUse === undefined ? this.frees : this.instructions[lastUse]?.frees
    frees?.push(id)
  }
}
