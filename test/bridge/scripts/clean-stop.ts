import { connect, torch } from '../../../src'
import { say } from './worker-program'

/** A user's program: connects, computes, and ends with its block. */
async function main(): Promise<void> {
  await using session = await connect({ device: 'cpu', threads: 1 })
  const three = await session.compute(() => torch.add(torch.tensor(session, 1, { axes: '' }), 2))
  say({ python: session.pid, three })
}

void main().then(() => say('closed'))
