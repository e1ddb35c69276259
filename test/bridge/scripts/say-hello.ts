import { connect, torch } from '../../../src'

/** Connects, computes and leaves; run with standard output in a file. */
async function main(): Promise<void> {
  await using session = await connect({ device: 'cpu' })
  const total = await session.compute(() => torch.sum(torch.tensor(session, [1, 2], { axes: 'B' })))
  process.stdout.write(`total ${total}\n`)
}

void main()
