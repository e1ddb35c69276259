import type { FastifyReply } from 'fastify'
import { Refusal } from './refusal'

/** Counts accepted, unanswered requests, and limits their number. */
export class Admission {
  #accepted = 0
  #isStopping = false

  constructor(readonly most: number) {}

  get accepted(): number {
    return this.#accepted
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  /** Stops accepting requests. */
  stop(): void {
    this.#isStopping = true
  }

  /**
   * Accepts a request before its body is read, until it is answered or its client has gone.
   *
   * @throws Refusal if too many wait, or the service is stopping
   */
  accept(reply: FastifyReply): void {
    if (this.#isStopping) {
      throw new Refusal(503, 'The service is about to stop.', { remedy: 'Try again when it is back.' })
    }
    if (this.#accepted >= this.most) {
      reply.header('retry-after', '1')
      throw new Refusal(429, `${this.#accepted} requests wait already.`, {
        remedy: 'Try again in some seconds, or ask for fewer copies (n).',
      })
    }
    this.#accepted += 1
    reply.raw.once('close', () => {
      this.#accepted -= 1
    })
  }
}
