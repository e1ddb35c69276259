import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { PythonExitError, PythonStartError } from '../errors'

/**
 * The Python child that pythonia starts: start, watch, call, stop. This is the only file that imports pythonia, and the
 * only one that knows its hazards; docs/bridge.md lists them with the rule that each one sets.
 */

/** How many of Python's last printed lines an exit error quotes. */
const QUOTED_LINES = 20

/** How long Python gets to leave by itself before it is killed. */
const LEAVE_MS = 5_000

/** The `python` folder of this package, both from `src/bridge` and from `dist/bridge`. */
const PYTHON_FOLDER = join(__dirname, '..', '..', 'python')

/** The part of pythonia that is used here; its own types leave it out. */
interface Pythonia {
  readonly python: {
    (module: string): Promise<HostModule>
    setFastMode(enabled: boolean): void
    exit(): void
  }
  readonly com: { proc: ChildProcess | null; start(): void }
}

interface HostModule {
  start(options: string): Promise<string>
  run(program: string): Promise<string>
  stop(): Promise<void>
}

export interface PythonProcessOptions {
  /** Absolute path of the interpreter. */
  readonly interpreter: string
  /** Options of the host, as plain data. */
  readonly host: { readonly device: string; readonly threads: number | null }
  /** Called with every line that Python or a library in it prints. */
  readonly onOutput?: ((line: string) => void) | undefined
}

let running: PythonProcess | undefined

export class PythonProcess {
  readonly #pythonia: Pythonia
  readonly #child: ChildProcess
  readonly #output: OutputCollector
  /** Rejects when the child is gone, whoever ended it. */
  readonly #exited: Promise<never>
  #host: HostModule | undefined
  #closing = false

  /** What the host said about itself when it started. */
  facts = ''

  private constructor(pythonia: Pythonia, child: ChildProcess, output: OutputCollector) {
    this.#pythonia = pythonia
    this.#child = child
    this.#output = output
    this.#exited = new Promise((_resolve, reject) => {
      child.once('exit', async (exitCode, signal) => {
        await output.ended()
        reject(
          new PythonExitError(
            { exitCode, signal, output: output.lastLines(QUOTED_LINES) },
            { remedy: exitRemedy(signal, this.#closing) },
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
    // Calls race against this promise; without one in flight its rejection has nobody to tell.
    this.#exited.catch(() => undefined)
  }

  /**
   * Starts Python and imports the host in it.
   *
   * @throws PythonStartError if one runs already (pythonia holds one child per Node process), or the import fails
   */
  static async start(options: PythonProcessOptions): Promise<PythonProcess> {
    if (running !== undefined) {
      throw new PythonStartError('This Node process already has a Python.', {
        remedy: 'Close the first session, or share it.',
      })
    }
    const output = await OutputCollector.listen(options.onOutput)
    let python: PythonProcess
    try {
      const pythonia = await launch(options.interpreter, output.address)
      const child = pythonia.com.proc
      if (child === null) throw new PythonStartError('pythonia started no process.', { remedy: 'Try again.' })
      python = new PythonProcess(pythonia, child, output)
    } catch (error) {
      output.close()
      throw error
    }
    running = python
    try {
      await python.#importHost(options)
    } catch (error) {
      await python.close()
      throw startError(error)
    }
    return python
  }

  async #importHost({ host }: PythonProcessOptions): Promise<void> {
    this.#pythonia.python.setFastMode(true)
    const module = await Promise.race([this.#pythonia.python('ftcadis_host'), this.#exited])
    this.facts = await Promise.race([module.start(JSON.stringify(host)), this.#exited])
    this.#host = module
  }

  /**
   * Runs one encoded program and resolves to the encoded answer.
   *
   * @throws PythonExitError if Python is gone or goes before it answers
   */
  async run(program: string): Promise<string> {
    const child = this.#child
    if (this.#host === undefined || child.exitCode !== null || child.signalCode !== null || !child.connected) {
      return this.#exited
    }
    return Promise.race([this.#host.run(program), this.#exited])
  }

  /** The child's process id. */
  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** Lets Python release what it holds, then ends it; resolves when it is gone. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    const gone = this.#exited.catch(() => undefined)
    if (this.#host !== undefined && this.#child.connected) {
      await within(LEAVE_MS, this.#host.stop(), gone)
    }
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      // Ends Python with SIGTERM, and with it the interval that keeps Node alive.
      this.#pythonia.python.exit()
      await within(LEAVE_MS, gone)
      if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL')
      await gone
    } else {
      this.#pythonia.python.exit()
    }
    this.#output.close()
    running = undefined
  }
}

/**
 * Imports pythonia, which starts Python at once, or restarts it where an earlier session has closed. The environment
 * is changed for that moment alone: `REQ_TIMEOUT` 0 lifts pythonia's limit of 100 s a call, and `DEBUG`, which other
 * packages use too, would make pythonia print every message.
 */
async function launch(interpreter: string, outputAddress: string): Promise<Pythonia> {
  const changed: Record<string, string | undefined> = {
    PYTHON_BIN: interpreter,
    PYTHONPATH: [PYTHON_FOLDER, process.env.PYTHONPATH].filter(Boolean).join(delimiter),
    REQ_TIMEOUT: '0',
    DEBUG: undefined,
    FT_CADIS_OUTPUT: outputAddress,
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

/**
 * Receives what Python prints. The host points its standard output and error at this socket before it imports
 * anything, so that the last words of a dying process (a library's abort, a segmentation fault's trace) are at hand.
 */
class OutputCollector {
  readonly #server: Server
  readonly #lines: string[] = []
  readonly #ended: Promise<void>
  #socket: Socket | undefined

  private constructor(
    server: Server,
    readonly address: string,
    onOutput: ((line: string) => void) | undefined,
  ) {
    this.#server = server
    this.#ended = new Promise(resolve => {
      server.once('connection', socket => {
        this.#socket = socket
        socket.unref()
        socket.once('error', () => resolve())
        createInterface({ input: socket })
          .on('line', line => {
            this.#lines.push(line)
            if (this.#lines.length > QUOTED_LINES) this.#lines.shift()
            onOutput?.(line)
          })
          .once('close', resolve)
      })
    })
    server.unref()
  }

  static async listen(onOutput: ((line: string) => void) | undefined): Promise<OutputCollector> {
    const name = `ft-cadis-${process.pid}-${randomBytes(4).toString('hex')}.sock`
    // The address of a Unix socket holds about 100 bytes; a deep temporary folder does not fit.
    const folder = tmpdir().length + name.length < 96 ? tmpdir() : '/tmp'
    const address = join(folder, name)
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(address, resolve)
    })
    return new OutputCollector(server, address, onOutput)
  }

  lastLines(count: number): readonly string[] {
    return this.#lines.slice(-count)
  }

  /** Resolves when everything that Python printed has arrived; a child of Python may hold the socket open, so not for ever. */
  async ended(): Promise<void> {
    if (this.#socket !== undefined) await within(200, this.#ended)
  }

  close(): void {
    this.#server.close()
    this.#socket?.destroy()
    void rm(this.address, { force: true })
  }
}

function exitRemedy(signal: NodeJS.Signals | null, closing: boolean): string {
  if (closing) return 'The session was closed; connect again to go on.'
  if (signal === 'SIGKILL') {
    return 'It may have run out of memory: use a smaller batch, and resume from the last checkpoint.'
  }
  return 'Read the lines above, run `npx ft-cadis doctor`, and resume from the last checkpoint.'
}

/** pythonia puts the text of a Python exception into `stack`, in terminal colours, and leaves `message` empty. */
function startError(error: unknown): Error {
  if (error instanceof PythonExitError || error instanceof PythonStartError) return error
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a terminal colour
  const plain = text.replace(/\u001b\[[0-9;]*m/g, '')
  return new PythonStartError(`Python started, but its part of ft-cadis did not:\n${plain}\n`, {
    remedy: 'Run `npx ft-cadis doctor` to see what is missing.',
    cause: error,
  })
}

/** Resolves when one of the promises does, or when the time is over; leaves no timer behind. */
async function within(limitMs: number, ...promises: Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise(resolve => {
    timer = setTimeout(resolve, limitMs)
  })
  await Promise.race([...promises, limit]).finally(() => clearTimeout(timer))
}
