import { type Handle, handlesIn } from './handle'
import { Procedure } from './procedure'
import type { Parameters } from './program'
import { type Recorded, Recording } from './recording'
import { refusePromise } from './refuse-promise'
import type { Session } from './session'

/** Properties of an instruction that makes one handle, besides its operation and inputs. */
export interface RecordOptions<H extends Handle> {
  readonly parameters?: Parameters
  readonly make: (session: Session, id: number) => H
}

/** The same for several handles; `inner` are the instructions of the called procedure. */
export interface RecordManyOptions<T extends readonly Handle[]> {
  readonly parameters?: Parameters
  readonly make: { readonly [K in keyof T]: (session: Session, id: number) => T[K] }
  readonly inner?: readonly Recorded[]
}

/** Records operations, synchronously and without contacting Python: instructions, the handles that they make, and when these die. */
export abstract class Recorder {
  /** Every recorder is one. */
  readonly #session = this as unknown as Session
  #live = new Set<number>()
  #scopes: Set<number>[] = []
  #openContexts = 0
  #nextId = 1
  #recording = new Recording()
  /** While a procedure's body is recorded: the handles that are alive outside it. */
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

  /** Records an instruction without results, for its effect. */
  perform(operation: string, takes: readonly Handle[], parameters: Parameters = {}): void {
    this.checkUsable(operation, takes)
    this.#recording.add({ operation, takes, makes: [], makers: [], parameters })
  }

  /** Makes a body that is recorded and sent once, then run by a single instruction; see {@link Procedure}. */
  procedure<I, O>(body: (inputs: I) => O): Procedure<I, O> {
    return new Procedure(this, body)
  }

  /** Returns the number of a new handle, which is now alive and belongs to the current scope. */
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
   * Runs `body` and frees every handle made inside except those in its result (searching plain objects and arrays), on return and on throw.
   * A value is freed in Python right after the last instruction that uses it. Recording is synchronous, so scopes nest like function calls.
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

  /** Frees the handles in `value` now; ignores those that are freed already or belong to another session. */
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
   * Runs `body` between an instruction that enters a Python context and one that leaves it, both in one program.
   *
   * @throws TypeError if `body` returns a promise, as with a read inside: the context would be left before it is done
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

  /** Returns the number of live handles: made and not freed. */
  liveTensors(): number {
    return this.#live.size
  }

  /** @internal Number of failed programs. Their definitions may be missing in Python. */
  abstract get failures(): number

  /** @internal Whether a procedure's body is being recorded. */
  get isInProcedure(): boolean {
    return this.#around !== null
  }

  /**
   * Records `body` on only these handles, separately from the program. The handles that it returns are no longer alive afterwards.
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

  /** @internal Returns the recording so far, and starts a new program. */
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
