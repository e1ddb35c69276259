import { PythonError } from '../errors'
import { resolveInterpreter } from '../environment/interpreter'
import { Handle, handlesIn, type Read, withData } from './handle'
import { decodeAnswer, encodeProgram, type Failure, type Instruction, type Parameters, type Plain } from './program'
import { PythonProcess } from './python-process'
import { type CallSite, captureCallSite, describeCallSite } from './call-site'

export interface ConnectOptions {
  /** Interpreter to use; without it the order of `resolveInterpreter` applies. */
  readonly python?: string | undefined
  /** Torch device: `auto` is CUDA where there is one. Default `auto`. */
  readonly device?: string | undefined
  /** Threads that torch uses inside one operation on the CPU. Default: torch's own choice. */
  readonly threads?: number | undefined
  /** Called with every line that Python, or a library in it, prints. Default: the last lines are kept for errors. */
  readonly onOutput?: ((line: string) => void) | undefined
}

/** What the Python process says about itself when it starts. */
export interface SessionFacts {
  readonly device: string
  readonly deviceName: string
  readonly python: string
  readonly torch: string
  readonly cuda: string | null
  readonly threads: number
}

/** Running totals of a session, for benches and logs. */
export interface SessionCounters {
  /** Programs answered. */
  answers: number
  /** Instructions sent. */
  instructions: number
  /** Time that Python spent running programs, in milliseconds. */
  pythonMs: number
  /** Time between sending programs and having their answers, in milliseconds. */
  waitedMs: number
}

/** Handles made by one recorded instruction: a constructor for each. */
type Makers<T extends readonly Handle[]> = { readonly [K in keyof T]: (session: Session, id: number) => T[K] }

interface Recorded extends Instruction {
  readonly callSite: CallSite
}

/**
 * A connection to one Python process. Operations are recorded, synchronously and without talking to Python; `read`
 * ships what is recorded as one program and waits for the numbers asked for.
 */
export class Session implements AsyncDisposable {
  readonly facts: SessionFacts
  readonly counters: SessionCounters = { answers: 0, instructions: 0, pythonMs: 0, waitedMs: 0 }
  readonly #process: PythonProcess
  #instructions: Recorded[] = []
  #frees: number[] = []
  /** Index of the recorded instruction that uses a handle last. */
  #lastUse = new Map<number, number>()
  #live = new Set<number>()
  #scopes: Set<number>[] = []
  #nextId = 1

  private constructor(process: PythonProcess) {
    this.#process = process
    this.facts = JSON.parse(process.facts)
  }

  /** Starts Python and connects to it; see {@link connect}. */
  static async connect(options: ConnectOptions = {}): Promise<Session> {
    const interpreter = await resolveInterpreter({ python: options.python })
    const process = await PythonProcess.start({
      interpreter: interpreter.path,
      host: { device: options.device ?? 'auto', threads: options.threads ?? null },
      onOutput: options.onOutput,
    })
    return new Session(process)
  }

  /** Process id of Python. */
  get pid(): number {
    return this.#process.pid
  }

  /** Records an instruction that makes one handle. */
  record<H extends Handle>(
    operation: string,
    takes: readonly Handle[],
    options: { parameters?: Parameters; make: (session: Session, id: number) => H },
  ): H {
    const [made] = this.recordMany(operation, takes, { ...options, make: [options.make] as const })
    return made
  }

  /** Records an instruction that makes several handles. */
  recordMany<T extends readonly Handle[]>(
    operation: string,
    takes: readonly Handle[],
    { parameters = {}, make }: { parameters?: Parameters; make: Makers<T> },
  ): T {
    const ids = make.map(() => this.#nextId++)
    this.#push(operation, takes, ids, parameters)
    for (const id of ids) {
      this.#live.add(id)
      this.#scopes.at(-1)?.add(id)
    }
    return make.map((maker, index) => maker(this, ids[index] ?? 0)) as unknown as T
  }

  /** Records an instruction that makes nothing, for its effect. */
  perform(operation: string, takes: readonly Handle[], parameters: Parameters = {}): void {
    this.#push(operation, takes, [], parameters)
  }

  #push(operation: string, takes: readonly Handle[], makes: readonly number[], parameters: Parameters): void {
    const index = this.#instructions.length
    for (const handle of takes) {
      if (handle.session !== this) {
        throw new TypeError(`${operation} takes a value of another session. Use values of one session together.`)
      }
      if (!this.#live.has(handle.id)) {
        throw new TypeError(
          `${operation} takes a value that was freed. Return it from the scope that made it, or keep it outside of one.`,
        )
      }
      this.#lastUse.set(handle.id, index)
    }
    for (const id of makes) this.#lastUse.set(id, index)
    this.#instructions.push({
      operation,
      takes: takes.map(handle => handle.id),
      makes,
      parameters,
      frees: [],
      callSite: captureCallSite(),
    })
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
      const result = body()
      if (result instanceof Promise) {
        throw new TypeError('The body of a scope returned a promise. Record inside the scope, and await outside of it.')
      }
      kept = handlesIn(result)
      return result
    } finally {
      this.#scopes.pop()
      for (const handle of kept) {
        if (made.delete(handle.id)) this.#scopes.at(-1)?.add(handle.id)
      }
      for (const id of made) this.#free(id)
    }
  }

  /** Frees the handles in `value` now. Freeing twice is an error of the caller, and freed handles are ignored. */
  free(value: unknown): void {
    for (const handle of handlesIn(value)) {
      this.#free(handle.id)
      for (const scope of this.#scopes) scope.delete(handle.id)
    }
  }

  #free(id: number): void {
    if (!this.#live.delete(id)) return
    const lastUse = this.#lastUse.get(id)
    const frees = lastUse === undefined ? this.#frees : this.#instructions[lastUse]?.frees
    frees?.push(id)
  }

  /** Runs `body` between an instruction that enters a context of Python and one that leaves it. */
  within<T>(context: string, takes: readonly Handle[], body: () => T): T {
    this.perform(context, takes)
    try {
      return body()
    } finally {
      this.perform('leave', [])
    }
  }

  /**
   * Sends what is recorded and resolves to the data of the handles in `value`, in the same structure.
   *
   * @throws PythonError if an instruction raised: those before it have run, it and those after it have not
   * @throws PythonExitError if Python is gone
   */
  async read<T>(value: T): Promise<Read<T>> {
    const handles = handlesIn(value)
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
    const instructions = this.#instructions
    const text = encodeProgram({ instructions, frees: this.#frees, reads })
    this.#instructions = []
    this.#frees = []
    this.#lastUse = new Map()
    const begun = performance.now()
    const answer = decodeAnswer(await this.#process.run(text))
    this.counters.answers += 1
    this.counters.instructions += instructions.length
    this.counters.pythonMs += answer.seconds * 1000
    this.counters.waitedMs += performance.now() - begun
    if ('failure' in answer) throw pythonError(answer.failure, instructions)
    return answer.values
  }

  /** How many handles are alive: made and not freed. */
  liveTensors(): number {
    return this.#live.size
  }

  /** Ends Python. Pending reads reject; safe to call twice. */
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
 */
export async function connect(options: ConnectOptions = {}): Promise<Session> {
  return Session.connect(options)
}

function pythonError(failure: Failure, instructions: readonly Recorded[]): PythonError {
  const callSite = instructions[failure.index]?.callSite
  return new PythonError(
    {
      pythonType: failure.type,
      pythonMessage: failure.message,
      traceback: failure.traceback,
      operation: failure.operation,
      recordedAt: callSite === undefined ? 'the read' : describeCallSite(callSite),
    },
    { remedy: remedyFor(failure.type) },
  )
}

function remedyFor(pythonType: string): string {
  if (pythonType === 'OutOfMemoryError') return 'Use a smaller batch, or a narrower dtype.'
  if (pythonType === 'UnmadeValueError') return 'Mend the first failure; this one follows from it.'
  return 'The traceback is in the property `traceback`.'
}
