import { type Handle, handlesIn } from './handle'
import { Procedure } from './procedure'
import type { Parameters } from './program'
import { type Recorded, Recording } from './recording'
import { refusePromise } from './refuse-promise'
import type { Session } from './session'

/** What an instruction that makes one handle is told beside its operation and what it takes. */
export interface RecordOptions<H extends Handle> {
  readonly parameters?: Parameters
  readonly make: (session: Session, id: number) => H
}

/** The same for several handles; `inner` are the instructions of the procedure that it calls. */
export interface RecordManyOptions<T extends readonly Handle[]> {
  readonly parameters?: Parameters
  readonly make: { readonly [K in keyof T]: (session: Session, id: number) => T[K] }
  readonly inner?: readonly Recorded[]
}

/**
 * Records operations, synchronously and without talking to Python: instructions, the handles that they make, and when
 * these die.
 */
export abstract class Recorder {
  /** Every recorder is one. */
  readonly #session = this as unknown as Session
  #live = new Set<number>()
  #scopes: Set<number>[] = []
  #openContexts = 0
  #nextId = 1
  #recording = new Recording()
  /** While the body of a procedure is recorded: the handles that are alive around it. */
  #around: ReadonlySet<number> | null = null

  /** Records an instruction that makes one handle. */
  record<H extends Handle>(
    operation: string,
    takes: readonly Handle[],
    { parameters = {}, make }: RecordOptions<H>,
  ): H {
    this.checkUsable(operation, takes)
    const id = this.#newId()
    this.#recording.add({ operation, takes, makes: [id], makers: [make], parameters })
    return make(this.#session, id)
  }

  /** Records an instruction that makes several handles. */
  recordMany<T extends readonly Handle[]>(
    operation: string,
    takes: readonly Handle[],
    { parameters = {}, make, inner = [] }: RecordManyOptions<T>,
  ): T {
    this.checkUsable(operation, takes)
    const makes = make.map(() => this.#newId())
    this.#recording.add({ operation, takes, makes, makers: make, parameters, inner })
    return make.map((maker, index) => maker(this.#session, makes[index] ?? 0)) as unknown as T
  }

  /** Records an instruction that makes nothing, for its effect. */
  perform(operation: string, takes: readonly Handle[], parameters: Parameters = {}): void {
    this.checkUsable(operation, takes)
    this.#recording.add({ operation, takes, makes: [], makers: [], parameters })
  }

  /** A body that is recorded and sent once, and run by one instruction from then on; see {@link Procedure}. */
  procedure<I, O>(body: (inputs: I) => O): Procedure<I, O> {
    return new Procedure(this, body)
  }

  /** The number of a new handle, which is alive from now on and belongs to the scope that is open. */
  #newId(): number {
    const id = this.#nextId++
    this.#live.add(id)
    this.#scopes.at(-1)?.add(id)
    return id
  }

  /** @internal */
  protected checkUsable(operation: string, handles: readonly Handle[]): void {
    for (const handle of handles) {
      if (handle.session !== this.#session) {
        throw new TypeError(
          `${operation} takes a value of another session. Use values of one session together.`,
        )
      }
      if (this.#live.has(handle.id)) continue
      throw new TypeError(
        this.#around?.has(handle.id)
          ? `${operation} takes a value that the procedure around it was not given. Hand it in with the inputs.`
          : `${operation} takes a value that was freed. Return it from the scope that made it, or keep it outside of one.`,
      )
    }
  }

  /**
   * Runs `body` and frees every handle made inside but those in what it returns (plain objects and arrays are looked
   * into), on return and on throw. A value is freed in Python right after the last instruction that uses it.
   * Recording is synchronous, so scopes nest like function calls.
   *
   * @throws TypeError if `body` returns a promise: its handles would be freed before it is done
   */
  scope<T>(body: () => T): T {
    const made = new Set<number>()
    this.#scopes.push(made)
    let kept: readonly Handle[] = []
    try {
      const result = refusePromise('scope', body())
      kept = handlesIn(result).filter(handle => handle.session === this.#session)
      return result
    } finally {
      this.#scopes.pop()
      for (const handle of kept) {
        if (made.delete(handle.id)) this.#scopes.at(-1)?.add(handle.id)
      }
      for (const id of made) this.#free(id)
    }
  }

  /** Frees the handles in `value` now; those that are freed already, or belong to another session, are ignored. */
  free(value: unknown): void {
    for (const handle of handlesIn(value)) {
      if (handle.session !== this.#session) continue
      this.#free(handle.id)
      for (const scope of this.#scopes) scope.delete(handle.id)
    }
  }

  #free(id: number): void {
    if (this.#live.delete(id)) this.#recording.free(id)
  }

  /**
   * Runs `body` between an instruction that enters a context of Python and one that leaves it, both in one program.
   *
   * @throws TypeError if `body` returns a promise, as a read inside would: the context would be left before it is done
   */
  inContext<T>(context: string, takes: readonly Handle[], body: () => T): T {
    this.perform(context, takes)
    this.#openContexts += 1
    try {
      return refusePromise(context, body())
    } finally {
      this.#openContexts -= 1
      this.perform('leave', [])
    }
  }

  /** How many handles are alive: made and not freed. */
  liveTensors(): number {
    return this.#live.size
  }

  /** @internal How many programs have failed. What they were to define may be missing in Python. */
  abstract get failures(): number

  /** @internal Whether the body of a procedure is being recorded. */
  get isInProcedure(): boolean {
    return this.#around !== null
  }

  /**
   * What `body` records on these handles alone, aside from the program. The handles that it returns are no longer alive
   * when it has returned.
   *
   * @internal
   */
  recordAside<T>(
    inputs: readonly Handle[],
    body: () => T,
  ): { readonly result: T; readonly instructions: readonly Recorded[] } {
    const [live, scopes, recording] = [this.#live, this.#scopes, this.#recording]
    this.#around = live
    this.#live = new Set(inputs.map(({ id }) => id))
    this.#scopes = []
    this.#recording = new Recording()
    try {
      const result = this.scope(() => refusePromise('a procedure', body()))
      return { result, instructions: this.#recording.instructions }
    } finally {
      this.#around = null
      this.#live = live
      this.#scopes = scopes
      this.#recording = recording
    }
  }

  /** @internal Handles that `body` makes belong to no scope. */
  outsideOfScopes<T>(body: () => T): T {
    const scopes = this.#scopes
    this.#scopes = []
    try {
      return body()
    } finally {
      this.#scopes = scopes
    }
  }

  /** @internal What is recorded so far; a new program begins. */
  protected takeRecording(): Recording {
    if (this.#openContexts > 0 || this.isInProcedure) {
      const what = this.isInProcedure ? 'procedure' : 'context'
      throw new TypeError(`A ${what} was open at a read, which ends the program. Read outside of it.`)
    }
    const recording = this.#recording
    this.#recording = new Recording()
    return recording
  }
}
