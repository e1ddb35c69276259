import type { CallSite, CallSites } from './call-site'
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
  readonly #callSites: CallSites
  readonly #firstId: number

  /** @param firstId - The number of the first handle that this program can make. */
  constructor(callSites: CallSites, firstId: number) {
    this.#callSites = callSites
    this.#firstId = firstId
    callSites.restart()
  }

  add({
    operation,
    takes,
    makes,
    parameters,
  }: {
    operation: string
    takes: readonly Handle[]
    makes: readonly number[]
    parameters: Parameters
  }): void {
    const index = this.instructions.length
    const ids = takes.map(handle => handle.id)
    const callSite = this.#callSites.at(this.#keyOf(operation, ids))
    for (const id of ids) this.#lastUse.set(id, index)
    for (const id of makes) this.#lastUse.set(id, index)
    this.instructions.push({ operation, takes: ids, makes, parameters, frees: [], callSite })
  }

  /** Values of this program by how many were made before them; those of earlier programs are all alike. */
  #keyOf(operation: string, ids: readonly number[]): string {
    let key = operation
    for (const id of ids) key += id < this.#firstId ? ' -' : ` ${id - this.#firstId}`
    return key
  }

  /** The handle dies after the last instruction that uses it; if none does, before the first. */
  free(id: number): void {
    const lastUse = this.#lastUse.get(id)
    const frees = lastUse === undefined ? this.frees : this.instructions[lastUse]?.frees
    frees?.push(id)
  }
}
