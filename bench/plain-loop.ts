import { createInterface } from 'node:readline'
import { execa, type ResultPromise } from 'execa'
import { allocatorEnvironment } from '../src/bridge/allocator'
import { saysCompiling } from '../src/bridge/compiling-lines'

const START = { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit', buffer: false } as const

/** A plain Python loop in its own process, which answers each line of JSON by another. */
export class PlainLoop implements AsyncDisposable {
  readonly #process: ResultPromise<typeof START>
  readonly #lines: AsyncIterator<string>

  constructor(interpreter: string, script: string) {
    // The allocator is set as for ft-cadis's own Python: a plain loop may be started with the same settings.
    this.#process = execa({ ...START, env: allocatorEnvironment() })(interpreter, [script])
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  async ask<Answer>(request: object): Promise<Answer> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`)
    for (;;) {
      const { value, done } = await this.#lines.next()
      // A process that ended says why.
      if (done) await this.#process
      if (saysCompiling(value) === undefined) return JSON.parse(value)
    }
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end()
    await this.#process
  }
}
