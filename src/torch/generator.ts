import { Handle, type Session } from '../bridge'
import { checkedName, type StreamName } from '../streams'

/** A stream of random numbers on the session's device (`torch.Generator`). */
export class Generator extends Handle<never> {}

/**
 * Returns a stream that depends only on the parts of its name, for example `generator(session, seed, 'certify', image, stage)`. Streams
 * with different names are independent; the order and number of other draws do not affect it.
 */
export function generator(session: Session, ...name: StreamName): Generator {
  return session.record('generator', [], {
    parameters: { name: checkedName(name) },
    make: (owner, id) => new Generator(owner, id),
  })
}

/** Seeds torch's global stream on every device, which dropout, stochastic depth and initialisation use, from a name. */
export function manualSeed(session: Session, ...name: StreamName): void {
  session.perform('manual_seed', [], { name: checkedName(name) })
}
