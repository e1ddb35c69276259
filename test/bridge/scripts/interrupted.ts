import { runPython } from '../support'
import { say, startWithWorkers } from './worker-program'

/** A user's program that is in the midst of its work when signals come; it never ends by itself. */
async function main(folder: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, say)
  const { session, nextLabels } = await startWithWorkers(folder)
  say({ python: session.pid, labels: await nextLabels() })
  runPython(session, 'import time; time.sleep(1)')
  const step = session.flush()
  say('in mid-step')
  await step
  say({ labels: [await nextLabels(), await nextLabels()] })
  runPython(session, 'import time; time.sleep(60)')
  void session.flush()
  say('in a long step')
}

void main(process.argv[2] ?? '')
