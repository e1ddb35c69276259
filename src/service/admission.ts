import type { FastifyReply } from 'fastify'
import { Refusal } from './refusal'

/** How many requests are accepted and not answered; no more than this many are. */
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

  /** Accepts no more. */
  stop(): void {
    this.#isStopping = true
  }

  /**
   * Accepts a request before its body is read, until it is answered or its client has gone.
   *
   * @throws Refusal where too many wait, or the service is about to stop
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
