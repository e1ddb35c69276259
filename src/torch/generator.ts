import { createHash } from 'node:crypto'
import { Handle, type Session } from '../bridge'

/** A stream of random numbers on the session's device (`torch.Generator`). */
export class Generator extends Handle<never> {}

/**
 * A stream that depends on the parts of its name alone, for instance `generator(session, seed, 'certify', image, stage)`:
 * streams of other names are unrelated, and neither order nor count of other draws changes it.
 */
export function generator(session: Session, ...name: readonly (string | number)[]): Generator {
  return session.record('generator', [], {
    parameters: { seed: streamSeed(...name) },
    make: (owner, id) => new Generator(owner, id),
  })
}

/** Names torch's own stream on every device: what dropout, stochastic depth and initialisation draw from. */
export function manualSeed(session: Session, ...name: readonly (string | number)[]): void {
  session.perform('manual_seed', [], { seed: streamSeed(...name) })
}

/** A 52-bit seed from the parts of a name (SHA-256), exact as a JSON number. */
export function streamSeed(...name: readonly (string | number)[]): number {
  const digest = createHash('sha256').update(JSON.stringify(name)).digest()
  return Number(digest.readBigUInt64BE() >> 12n)
}
