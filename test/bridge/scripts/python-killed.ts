import { say, startWithWorkers } from './worker-program'

/** A user's program that closes its session when Python is gone, and has nothing else to do. */
async function main(folder: string): Promise<void> {
  const { session, nextLabels } = await startWithWorkers(folder)
  await nextLabels()
  process.kill(session.pid, 'SIGKILL')
  const { signal } = await nextLabels().catch(error => error)
  await session.close()
  say({ signal })
}

void main(process.argv[2] ?? '')
