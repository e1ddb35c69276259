import { PassThrough } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { PreliminaryAnswer } from '../certification/prediction/smoothed-answer'

/** Milliseconds between two partial answers at least. */
const EVERY_MS = 200

/** Answers a request in JSON Lines: partial answers while votes come in, then the answer or the error. */
export class PartialAnswers {
  readonly #reply: FastifyReply
  #stream: PassThrough | undefined
  #sentMs = Number.NEGATIVE_INFINITY

  constructor(reply: FastifyReply) {
    this.#reply = reply
  }

  /** Whether a line was sent, after which an error cannot have its own status. */
  get hasBegun(): boolean {
    return this.#stream !== undefined
  }

  /** Sends what the votes say until now, unless the last was a moment ago or the client does not keep up. */
  tell({ counts, topClass, className, radius, voted, asked }: PreliminaryAnswer): void {
    const nowMs = performance.now()
    if (nowMs - this.#sentMs < EVERY_MS || this.#stream?.writableNeedDrain === true) return
    this.#sentMs = nowMs
    const preliminary = {
      kind: 'partial',
      preliminary: true,
      votes: counts,
      topClass,
      topClassName: className,
    }
    this.#write({ ...preliminary, radius, copies: voted, of: asked })
  }

  /** Sends the last line. */
  end(line: object): void {
    this.#write(line)
    this.#stream?.end()
  }

  #write(line: object): void {
    if (this.#stream === undefined) {
      this.#stream = new PassThrough()
      // The client may be gone, which the request is told of.
      this.#stream.on('error', () => undefined)
      this.#reply.type('application/x-ndjson; charset=utf-8').send(this.#stream)
    }
    this.#stream.write(`${JSON.stringify(line)}\n`)
  }
}
