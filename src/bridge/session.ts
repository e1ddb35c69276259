import { resolveInterpreter } from '../environment/interpreter'
import { type LaunchRank, launchRank } from '../environment/launch-rank'
import { CallSites } from './call-site'
import { errorOf } from './failure'
import { type Handle, handlesIn, type Read, withData } from './handle'
import { decodeAnswer, encodeProgram, type Parameters, type Plain } from './program'
import { PythonProcess } from './python-process'
import { Recording } from './recording'
import { refusePromise } from './refuse-promise'
import type { ConnectOptions, SessionCounters, SessionFacts } from './session-types'

/** Handles made by one recorded instruction: a constructor for each. */
type Makers<T extends readonly Handle[]> = { readonly [K in keyof T]: (session: Session, id: number) => T[K] }

/**
 * A connection to one Python process. Operations are recorded, synchronously and without talking to Python; `read`
 * ships what is recorded as one program and waits for the numbers asked for.
 */
export class Session implements AsyncDisposable {
  readonly facts: SessionFacts
  /** The place of this process among those of one launch; rank 0 of 1 where nobody launched it. */
  readonly launch: LaunchRank = launchRank()
  readonly counters: SessionCounters = {
    answers: 0,
    instructions: 0,
    sentBytes: 0,
    receivedBytes: 0,
    encodedMs: 0,
    waitedMs: 0,
    pythonMs: 0,
    decodedMs: 0,
  }
  readonly #process: PythonProcess
  readonly #callSites = new CallSites()
  #live = new Set<number>()
  #scopes: Set<number>[] = []
  #openContexts = 0
  #nextId = 1
  #recording = new Recording(this.#callSites, this.#nextId)

  private constructor(process: PythonProcess, facts: SessionFacts) {
    this.#process = process
    this.facts = facts
  }

  /** Starts Python and connects to it; see {@link connect}. */
  static async connect(options: ConnectOptions = {}): Promise<Session> {
    const { localRank, worldSize } = launchRank()
    const { process, facts } = await PythonProcess.start({
      interpreter: async () => (await resolveInterpreter({ python: options.python })).path,
      host: {
        device: options.device ?? 'auto',
        threads: options.threads ?? null,
        local_rank: worldSize > 1 ? localRank : null,
      },
      onOutput: options.onOutput,
    })
    return new Session(process, facts)
  }

  /** Process id of Python. */
  get pid(): number {
    return this.#process.pid
  }

  /** Records an instruction that makes one handle. */
  record<H extends Handle>(
    operation: string,
    takes: readonly Handle[],
    { parameters = {}, make }: { parameters?: Parameters; make: (session: Session, id: number) => H },
  ): H {
    this.#checkUsable(operation, takes)
    const id = this.#newId()
    this.#recording.add({ operation, takes, makes: [id], parameters })
    return make(this, id)
  }

  /** Records an instruction that makes several handles. */
  recordMany<T extends readonly Handle[]>(
    operation: string,
    takes: readonly Handle[],
    { parameters = {}, make }: { parameters?: Parameters; make: Makers<T> },
  ): T {
    this.#checkUsable(operation, takes)
    const ids = make.map(() => this.#newId())
    this.#recording.add({ operation, takes, makes: ids, parameters })
    return make.map((maker, index) => maker(this, ids[index] ?? 0)) as unknown as T
  }

  /** Records an instruction that makes nothing, for its effect. */
  perform(operation: string, takes: readonly Handle[], parameters: Parameters = {}): void {
    this.#checkUsable(operation, takes)
    this.#recording.add({ operation, takes, makes: [], parameters })
  }

  /** The number of a new handle, which is alive from now on and belongs to the scope that is open. */
  #newId(): number {
    const id = this.#nextId++
    this.#live.add(id)
    this.#scopes.at(-1)?.add(id)
    return id
  }

  #checkUsable(operation: string, handles: readonly Handle[]): void {
    for (const handle of handles) {
      if (handle.session !== this) {
        throw new TypeError(
          `${operation} takes a value of another session. Use values of one session together.`,
        )
      }
      if (!this.#live.has(handle.id)) {
        throw new TypeError(
          `${operation} takes a value that was freed. Return it from the scope that made it, or keep it outside of one.`,
        )
      }
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
      kept = handlesIn(result).filter(handle => handle.session === this)
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
      if (handle.session !== this) continue
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
  within<T>(context: string, takes: readonly Handle[], body: () => T): T {
    this.perform(context, takes)
    this.#openContexts += 1
    try {
      return refusePromise(context, body())
    } finally {
      this.#openContexts -= 1
      this.perform('leave', [])
    }
  }

  /**
   * Sends what is recorded and resolves to the data of the handles in `value`, in the same structure.
   *
   * @throws PythonError if an instruction raised: those before it have run, it and those after it have not; what Python
   *   says of files and settings comes as ConfigError, DataError or CheckpointError with the PythonError as its cause
   * @throws PythonExitError if Python is gone
   * @throws TypeError for a handle that was freed, and inside of a context; nothing is sent then
   */
  async read<T>(value: T): Promise<Read<T>> {
    const handles = handlesIn(value)
    this.#checkUsable('read', handles)
    const reads = [...new Set(handles.map(handle => handle.id))]
    const values = await this.#send(reads)
    const position = new Map(reads.map((id, index) => [id, index]))
    return withData(value, handle => values[position.get(handle.id) ?? -1])
  }

  /** Sends what is recorded and waits until it has run. Throws as {@link read} does. */
  async flush(): Promise<void> {
    await this.#send([])
  }

  /** Reads what `body` makes and frees it: the usual form of a step. */
  async compute<T>(body: () => T): Promise<Read<T>> {
    const value = this.scope(body)
    const answer = this.read(value)
    this.free(value)
    return answer
  }

  async #send(reads: readonly number[]): Promise<readonly Plain[]> {
    if (this.#openContexts > 0) {
      throw new TypeError('A context was open at a read, which ends the program. Read outside of it.')
    }
    const { counters } = this
    const { instructions, frees } = this.#recording
    const begunMs = performance.now()
    const program = encodeProgram({ instructions, frees, reads })
    this.#recording = new Recording(this.#callSites, this.#nextId)
    const sentMs = performance.now()
    const text = await this.#process.run(program)
    const receivedMs = performance.now()
    const answer = decodeAnswer(text, { values: reads.length })
    counters.answers += 1
    counters.instructions += instructions.length
    counters.sentBytes += Buffer.byteLength(program)
    counters.receivedBytes += Buffer.byteLength(text)
    counters.encodedMs += sentMs - begunMs
    counters.waitedMs += receivedMs - sentMs
    counters.pythonMs += answer.seconds * 1000
    counters.decodedMs += performance.now() - receivedMs
    if ('failure' in answer) throw errorOf(answer.failure, instructions[answer.failure.index]?.callSite)
    return answer.values
  }

  /** How many handles are alive: made and not freed. */
  liveTensors(): number {
    return this.#live.size
  }

  /** Ends Python. A read that is not answered within seconds rejects, and so does a later one; safe to call twice. */
  async close(): Promise<void> {
    await this.#process.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * Connects to a Python process. Use `await using session = await connect()`, so that Python ends with the block.
 *
 * @throws PythonStartError if there is no usable interpreter, or a package is missing
 * @throws ConfigError if the environment describes a launched process by half
 */
export async function connect(options: ConnectOptions = {}): Promise<Session> {
  return Session.connect(options)
}
