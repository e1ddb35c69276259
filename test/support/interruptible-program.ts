/**
 * Waits to be asked to stop, then writes the reason to a file, and to a terminal that may be gone.
 *
 *     npx tsx test/support/interruptible-program.ts <file>
 */
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { interruptible } from '../../src/cli/interruption'
import { runMain } from '../../src/cli/program'
import { InterruptedError } from '../../src/errors'

async function main(file: string): Promise<void> {
  await interruptible('the reason is written', async signal => {
    writeFileSync(`${file}.ready`, '')
    for (let wait = 0; wait < 100 && !signal.aborted; wait += 1) await sleep(20)
    for (let line = 0; line < 5; line += 1) {
      process.stderr.write('…')
      await sleep(20)
    }
    writeFileSync(file, String(signal.reason))
    if (signal.aborted) throw new InterruptedError(String(signal.reason), { what: 'Stopped', remedy: '' })
  })
}

void runMain(() => main(process.argv[2] ?? ''))
