import { PassThrough } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { PreliminaryAnswer } from '../certification/prediction/smoothed-answer'

/** Minimum interval between partial answers, in milliseconds. */
const EVERY_MS = 200

/** Answers a request in JSON Lines: partial answers while votes arrive, then the answer or the error. */
export class PartialAnswers {
  readonly #reply: FastifyReply
  #stream: PassThrough | undefined
  #sentMs = Number.NEGATIVE_INFINITY

  constructor(reply: FastifyReply) {
    this.#reply = reply
  }

  /** Whether a line has been sent; after that, an error cannot set the status. */
  get hasBegun(): boolean {
    return this.#stream !== undefined
  }

  /** Sends the votes so far, unless the last line was just sent or the client does not keep up. */
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
      // The client may be gone, which the request handles.
      this.#stream.on('error', () => undefined)
      this.#reply.type('application/x-ndjson; charset=utf-8').send(this.#stream)
    }
    this.#stream.write(`${JSON.stringify(line)}\n`)
  }
}
