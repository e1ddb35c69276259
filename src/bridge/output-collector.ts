import { randomBytes } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { noTemporaryPlace, temporaryPlaces } from '../files/temporary-folder'
import { saysCompiling } from './compiling-lines'
import { raceWithTimeout } from './race-with-timeout'

/** Receivers of Python's output. */
interface OutputListeners {
  readonly onOutput?: ((line: string) => void) | undefined
  /** Called when torch starts and finishes compiling a network. */
  readonly onCompiling?: ((isCompiling: boolean) => void) | undefined
}

/** Number of last lines to keep. */
const KEPT_LINES = 20

/** A Unix socket's address holds about 100 bytes; the path of a deep temporary folder does not fit. */
const LONGEST_ADDRESS = 96

/**
 * Collects Python's output. The host redirects its standard output and error to this socket before it imports anything, so the last output
 * of a dying process (a library's abort, a segmentation fault's trace) is available.
 */
export class OutputCollector {
  readonly #server: Server
  readonly #lines: string[] = []
  readonly #ended: Promise<void>
  #socket: Socket | undefined

  private constructor(
    server: Server,
    readonly address: string,
    { onOutput, onCompiling }: OutputListeners,
  ) {
    this.#server = server
    this.#ended = new Promise(resolve => {
      server.once('connection', socket => {
        // There is only one client. The socket's file is removed with the server, so none remains if Node is killed.
        server.close()
        this.#socket = socket
        socket.unref()
        socket.once('error', () => resolve())
        createInterface({ input: socket })
          .on('line', line => {
            const isCompiling = saysCompiling(line)
            if (isCompiling !== undefined) {
              onCompiling?.(isCompiling)
              return
            }
            this.#lines.push(line)
            if (this.#lines.length > KEPT_LINES) this.#lines.shift()
            onOutput?.(line)
          })
          .once('close', resolve)
      })
    })
    server.unref()
  }

  static async listen(listeners: OutputListeners = {}): Promise<OutputCollector> {
    const name = `ft-cadis-${process.pid}-${randomBytes(4).toString('hex')}.sock`
    let cause: unknown
    for (const folder of temporaryPlaces()) {
      const address = join(folder, name)
      if (Buffer.byteLength(address) > LONGEST_ADDRESS) continue
      try {
        return new OutputCollector(await listenAt(address), address, listeners)
      } catch (error) {
        cause = error
      }
    }
    throw noTemporaryPlace(cause)
  }

  get lastLines(): readonly string[] {
    return [...this.#lines]
  }

  /** Resolves when all of Python's output has arrived, with a timeout, since a child of Python may hold the socket open. */
  async ended(): Promise<void> {
    if (this.#socket !== undefined) await raceWithTimeout(200, this.#ended)
  }

  close(): void {
    this.#server.close()
    this.#socket?.destroy()
  }
}

function listenAt(address: string): Promise<Server> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, () => resolve(server))
  })
}
