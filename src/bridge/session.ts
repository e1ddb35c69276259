import { resolveInterpreter } from '../environment/interpreter'
import { type LaunchRank, launchRank } from '../environment/launch-rank'
import { requirePlatform } from '../environment/platform'
import { errorOf } from './failure'
import { handlesIn, type Read, withData } from './handle'
import { decodeAnswer, encodeProgram, type Plain } from './program'
import { PythonProcess } from './python-process'
import { Recorder } from './recorder'
import type { CompilingWatcher, ConnectOptions, SessionCounters, SessionInfo } from './session-types'

/**
 * A connection to one Python process. Operations are recorded, synchronously and without contacting Python; `read` sends the recording as
 * one program and waits for the requested values.
 */
export class Session extends Recorder implements AsyncDisposable {
  readonly info: SessionInfo
  /** The rank of this process in its launch; rank 0 of 1 without a launch. */
  readonly launch: LaunchRank = launchRank()
  readonly counters: SessionCounters = {
    roundTrips: 0,
    instructions: 0,
    sentBytes: 0,
    receivedBytes: 0,
    encodedMs: 0,
    waitedMs: 0,
    pythonMs: 0,
    decodedMs: 0,
  }
  readonly #process: PythonProcess
  readonly #compilingWatchers: Set<CompilingWatcher>
  #failures = 0

  private constructor(process: PythonProcess, info: SessionInfo, compilingWatchers: Set<CompilingWatcher>) {
    super()
    this.#process = process
    this.#compilingWatchers = compilingWatchers
    this.info = info
  }

  /** Starts Python and connects to it; see {@link connect}. */
  static async connect(options: ConnectOptions = {}): Promise<Session> {
    requirePlatform()
    const { localRank, worldSize } = launchRank()
    const compilingWatchers = new Set<CompilingWatcher>()
    const { process, info } = await PythonProcess.start({
      interpreter: async () => (await resolveInterpreter({ python: options.python })).path,
      host: {
        device: options.device ?? 'auto',
        threads: options.threads ?? null,
        local_rank: worldSize > 1 ? localRank : null,
      },
      onOutput: options.onOutput,
      onCompiling: isCompiling => {
        for (const watcher of compilingWatchers) watcher(isCompiling)
      },
    })
    return new Session(process, info, compilingWatchers)
  }

  /** Process id of Python. */
  get pid(): number {
    return this.#process.pid
  }

  /** Resolves when Python is gone, for any reason, to the error with which every later read rejects. */
  get ended(): Promise<Error> {
    return this.#process.ended
  }

  /**
   * Sends the recording and resolves to the data of the handles in `value`, in the same structure.
   *
   * @throws PythonError if an instruction raised: earlier ones have run, it and later ones have not; problems with files and settings are
   *   ConfigError, DataError or CheckpointError with the PythonError as cause
   * @throws PythonExitError if Python is gone
   * @throws TypeError for a freed handle, and inside a context; nothing is sent then
   */
  async read<T>(value: T): Promise<Read<T>> {
    const handles = handlesIn(value)
    this.checkUsable('read', handles)
    const reads = [...new Set(handles.map(handle => handle.id))]
    const values = await this.#send(reads)
    const position = new Map(reads.map((id, index) => [id, index]))
    return withData(value, handle => values[position.get(handle.id) ?? -1])
  }

  /** Sends the recording and waits until it has run. Throws as {@link read} does. */
  async flush(): Promise<void> {
    await this.#send([])
  }

  /** Reads the result of `body` and frees it: the usual form of a step. */
  async compute<T>(body: () => T): Promise<Read<T>> {
    const value = this.scope(body)
    const answer = this.read(value)
    this.free(value)
    return answer
  }

  async #send(reads: readonly number[]): Promise<readonly Plain[]> {
    const { counters } = this
    const { instructions, frees } = this.takeRecording()
    const begunMs = performance.now()
    const program = encodeProgram({ instructions, frees, reads })
    const sentMs = performance.now()
    const text = await this.#process.run(program)
    const receivedMs = performance.now()
    const answer = decodeAnswer(text, { values: reads.length })
    counters.roundTrips += 1
    counters.instructions += instructions.length
    counters.sentBytes += Buffer.byteLength(program)
    counters.receivedBytes += Buffer.byteLength(text)
    counters.encodedMs += sentMs - begunMs
    counters.waitedMs += receivedMs - sentMs
    counters.pythonMs += answer.seconds * 1000
    counters.decodedMs += performance.now() - receivedMs
    if ('values' in answer) return answer.values
    this.#failures += 1
    const { index, inner } = answer.failure
    const failed = instructions[index]
    throw errorOf(answer.failure, (inner === null ? failed : failed?.inner[inner])?.callSite)
  }

  /** Calls the watcher when torch starts and finishes compiling a network, until the result is disposed. */
  watchCompiling(watcher: CompilingWatcher): Disposable {
    const own: CompilingWatcher = isCompiling => watcher(isCompiling)
    this.#compilingWatchers.add(own)
    return { [Symbol.dispose]: () => void this.#compilingWatchers.delete(own) }
  }

  get failures(): number {
    return this.#failures
  }

  /** Ends Python. A read that is not answered within seconds rejects, as does any later one; safe to call twice. */
  async close(): Promise<void> {
    await this.#process.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * Connects to a Python process. Use `await using session = await connect()` to end Python with the block.
 *
 * @throws PythonStartError if no usable interpreter is found, or a package is missing
 * @throws ConfigError if the device does not exist, or the environment describes a launched process incompletely
 */
export async function connect(options: ConnectOptions = {}): Promise<Session> {
  return Session.connect(options)
}
