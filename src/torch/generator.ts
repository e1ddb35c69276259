import { Handle, type Session } from '../bridge'
import { checkedName, type StreamName } from '../streams'

/** A stream of random numbers on the session's device (`torch.Generator`). */
export class Generator extends Handle<never> {}

/**
 * A stream that depends on the parts of its name alone, for instance `generator(session, seed, 'certify', image, stage)`:
 * streams of other names are unrelated, and neither order nor count of other draws changes it.
 */
export function generator(session: Session, ...name: StreamName): Generator {
  return session.record('generator', [], {
    parameters: { name: checkedName(name) },
    make: (owner, id) => new Generator(owner, id),
  })
}

/** Names torch's own stream on every device: what dropout, stochastic depth and initialisation draw from. */
export function manualSeed(session: Session, ...name: StreamName): void {
  session.perform('manual_seed', [], { name: checkedName(name) })
}
