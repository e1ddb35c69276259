/**
 * Times a step of the digits fine-tuning against a plain Python loop that does the same work.
 *
 *     npm run bench -- --steps 300 --json bench/results/digits-step.json
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseNumber } from '../src/cli/option-values'
import { createProgram, runMain } from '../src/cli/program'
import { progressBar } from '../src/cli/progress'
import { measure } from './measure'
import { describeResult, resultOf } from './report'
import { summarize } from './summary'
import { workload } from './workload'

/** Updates over which both sides must agree before anything is timed. */
const CHECKED_UPDATES = 20

interface Options {
  readonly steps: number
  readonly threads: number
  readonly device: string
  readonly json?: string
  readonly python?: string
}

void runMain(async () => {
  const program = createProgram(
    'bench',
    'Time a step of the digits fine-tuning against a plain Python loop that does the same work.',
  )
    .option('--steps <number>', 'updates that are timed', parseNumber({ min: 1, integer: true }), 200)
    .option('--threads <number>', 'torch threads of each side', parseNumber({ min: 1, integer: true }), 1)
    .option('--device <name>', 'torch device of both sides', 'cpu')
    .option('--json <file>', 'where the result is written as well')
    .option('--python <path>', 'Python interpreter to use')
  const { steps, threads, device, json, python } = (await program.parseAsync()).opts<Options>()

  const bar = progressBar('steps, both sides in turn', { total: CHECKED_UPDATES + steps })
  const measurement = await measure({
    workload: workload('digits'),
    python,
    device,
    threads,
    checkedUpdates: CHECKED_UPDATES,
    timedUpdates: steps,
    onUpdate: done => bar.update(done),
  }).finally(() => bar.stop())
  const summary = summarize(measurement)
  console.log(describeResult(measurement, summary))
  if (json !== undefined) {
    await mkdir(dirname(json), { recursive: true })
    await writeFile(json, `${JSON.stringify(resultOf(measurement, summary), null, 1)}\n`)
    console.log(`written: ${json}`)
  }
})
