import type { ChildProcess } from 'node:child_process'
import { dirname } from 'node:path'
import { importEnvironment } from '../environment/python-path'
import { FtCadisError, PythonExitError, PythonStartError } from '../errors'
import { allocatorEnvironment } from './allocator'
import { startErrorOf } from './failure'
import { OutputCollector } from './output-collector'
import type { PythonException } from './program'
import { raceWithTimeout } from './race-with-timeout'
import type { SessionInfo } from './session-types'

/**
 * The Python child that pythonia starts: start, watch, call, stop. Only this file imports pythonia, and only this file knows its hazards;
 * docs/bridge.md lists them, each with the rule that it requires.
 */

/** Time for Python to finish its current work before it is killed. */
const LEAVE_MS = 5_000

/** The part of pythonia that this file uses; its own types omit it. */
interface Pythonia {
  readonly python: {
    (module: string): Promise<HostModule>
    setFastMode(enabled: boolean): void
    exit(): void
  }
  readonly com: { proc: ChildProcess | null; start(): void }
}

interface HostModule {
  /** Returns the JSON text of a {@link StartAnswer}. */
  start(options: string): Promise<string>
  run(program: string): Promise<string>
  stop(): Promise<void>
}

type StartAnswer = { readonly info: SessionInfo } | { readonly failure: PythonException }

interface PythonProcessOptions {
  /** Finds the absolute path of the interpreter, once this process is known to have no Python yet. */
  readonly interpreter: () => Promise<string>
  /** Options of the host, under Python's names. */
  readonly host: {
    readonly device: string
    readonly threads: number | null
    /** The GPU of a launched process on its machine; null without a launch. */
    readonly local_rank: number | null
  }
  /** Called with every line that Python or one of its libraries prints. */
  readonly onOutput?: ((line: string) => void) | undefined
  /** Called when torch starts and finishes compiling a network. */
  readonly onCompiling?: ((isCompiling: boolean) => void) | undefined
}

/** pythonia holds one child per Node process. */
let isTaken = false

export class PythonProcess {
  readonly #pythonia: Pythonia
  readonly #child: ChildProcess
  readonly #output: OutputCollector
  /** Rejects when the child is gone, for any reason. */
  readonly #exited: Promise<never>
  #host: HostModule | undefined
  /** Rejects pending calls when Python is gone. */
  readonly #waiting = new Set<(error: unknown) => void>()
  #closed: Promise<void> | undefined

  private constructor(pythonia: Pythonia, child: ChildProcess, output: OutputCollector) {
    this.#pythonia = pythonia
    this.#child = child
    this.#output = output
    this.#exited = new Promise((_resolve, reject) => {
      child.once('exit', async (exitCode, signal) => {
        await output.ended()
        reject(
          new PythonExitError(
            { exitCode, signal, output: output.lastLines },
            {
              remedy: exitRemedy(signal, { isClosed: this.#closed !== undefined, output: output.lastLines }),
            },
          ),
        )
      })
      child.on('error', cause => {
        reject(
          new PythonStartError(`The Python process failed: ${cause.message}.`, {
            remedy: 'Run `npx ft-cadis doctor`.',
            cause,
          }),
        )
      })
    })
    this.#exited.catch(error => this.#waiting.forEach(reject => void reject(error)))
  }

  /**
   * Starts Python and imports the host in it.
   *
   * @throws PythonStartError if this Node process has one already, or the import fails
   */
  static async start(
    options: PythonProcessOptions,
  ): Promise<{ readonly process: PythonProcess; readonly info: SessionInfo }> {
    if (isTaken) {
      throw new PythonStartError('This Node process already has a Python.', {
        remedy: 'Close the first session, or share it.',
      })
    }
    isTaken = true
    let output: OutputCollector | undefined
    let python: PythonProcess
    let interpreter: string
    try {
      interpreter = await options.interpreter()
      output = await OutputCollector.listen(options)
      const pythonia = await launch(interpreter, output.address)
      const child = pythonia.com.proc
      if (child === null) throw new PythonStartError('pythonia started no process.', { remedy: 'Try again.' })
      python = new PythonProcess(pythonia, child, output)
    } catch (error) {
      output?.close()
      isTaken = false
      throw error
    }
    try {
      return { process: python, info: await python.#startHost(interpreter, options.host) }
    } catch (error) {
      await python.close()
      throw startError(error)
    }
  }

  async #startHost(interpreter: string, host: PythonProcessOptions['host']): Promise<SessionInfo> {
    this.#pythonia.python.setFastMode(true)
    const module = await Promise.race([this.#pythonia.python('ftcadis_host'), this.#exited])
    const text = await Promise.race([module.start(JSON.stringify(host)), this.#exited])
    const answer: StartAnswer = JSON.parse(text)
    if ('failure' in answer) throw startErrorOf(answer.failure, interpreter)
    this.#host = module
    return answer.info
  }

  /**
   * Runs one encoded program and resolves to the encoded answer.
   *
   * @throws PythonExitError if Python is gone or exits before it answers
   */
  async run(program: string): Promise<string> {
    if (this.#host === undefined || this.#closed !== undefined || this.#isGone) return this.#exited
    return this.#orExit(this.#host.run(program))
  }

  /** Rejects if Python exits first. `Promise.race` would keep every answer alive as long as Python. */
  #orExit<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      answer.then(resolve, reject).finally(() => this.#waiting.delete(reject))
    })
  }

  /** The child's process id. */
  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** Resolves when Python is gone, for any reason, to the error of all later calls. */
  get ended(): Promise<Error> {
    return this.#exited.catch((error: Error) => error)
  }

  get #isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Lets Python release its resources, then ends it; resolves when it is gone. Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    const gone = this.#exited.catch(() => undefined)
    let isReady = this.#host === undefined
    if (this.#host !== undefined && !this.#isGone) {
      const released = this.#host.stop().then(
        () => {
          isReady = true
        },
        () => undefined,
      )
      await raceWithTimeout(LEAVE_MS, released, gone)
    }
    // Ends Python with SIGTERM, and clears the interval that keeps Node alive.
    this.#pythonia.python.exit()
    // A Python that is still busy ignores SIGTERM.
    if (isReady) await raceWithTimeout(LEAVE_MS, gone)
    if (!this.#isGone) this.#child.kill('SIGKILL')
    await gone
    // Worker processes outlive a killed Python by some seconds, and would keep the channel, and Node, open.
    if (this.#child.connected) this.#child.disconnect()
    this.#output.close()
    isTaken = false
  }
}

/**
 * Imports pythonia, which starts Python at once, or restarts it if an earlier session was closed. Changes the environment only meanwhile:
 * `REQ_TIMEOUT` 0 lifts pythonia's limit of 100 s per call, and `DEBUG`, which other packages use too, would make pythonia print every
 * message.
 */
async function launch(interpreter: string, outputAddress: string): Promise<Pythonia> {
  const changed: Record<string, string | undefined> = {
    PYTHON_BIN: interpreter,
    // pythonia starts its Python with the path of a script, without options; the script finds its modules through this.
    ...importEnvironment([dirname(require.resolve('pythonia'))]),
    REQ_TIMEOUT: '0',
    DEBUG: undefined,
    FT_CADIS_OUTPUT: outputAddress,
    // Only `ft-cadis fetch` downloads.
    HF_HUB_OFFLINE: '1',
    ...allocatorEnvironment(),
  }
  const saved = Object.fromEntries(Object.keys(changed).map(name => [name, process.env[name]]))
  setEnvironment(changed)
  try {
    const pythonia = ((await import('pythonia')) as unknown as { default: Pythonia }).default
    if (pythonia.com.proc === null) pythonia.com.start()
    return pythonia
  } finally {
    setEnvironment(saved)
  }
}

function setEnvironment(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}

function exitRemedy(
  signal: NodeJS.Signals | null,
  { isClosed, output }: { readonly isClosed: boolean; readonly output: readonly string[] },
): string {
  if (isClosed) return 'The session was closed; connect again to continue.'
  const goOn = 'a run continues from its last checkpoint, a certification from its log.'
  if (signal === 'SIGKILL') return `It may have run out of memory: use a smaller batch; ${goOn}`
  return `${output.length === 0 ? 'Run' : 'Read the lines above, run'} \`npx ft-cadis doctor\`; ${goOn}`
}

/** pythonia puts the text of a Python exception into `stack`, in terminal colours, and leaves `message` empty. */
function startError(error: unknown): Error {
  if (error instanceof FtCadisError) return error
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a terminal colour
  const plain = text.replace(/\u001b\[[0-9;]*m/g, '')
  return new PythonStartError(`Python started, but its part of ft-cadis did not:\n${plain}\n`, {
    remedy: 'Run `npx ft-cadis doctor` to see what is missing.',
    cause: error,
  })
}
