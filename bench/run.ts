/**
 * Measures this package against a plain Python loop that does the same work, and prints targets with verdicts.
 *
 *     npm run bench
 *     npm run bench -- --only step --steps 300 --json bench/results/step.json
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { Option } from 'commander'
import { parseNumber } from '../src/cli/option-values'
import { createProgram, runMain } from '../src/cli/program'
import { writeOutput } from '../src/cli/write-output'
import { PARTS, type PartOptions, type PartResult } from './parts'
import { describeVerdicts, isMet } from './targets'

const NAMES = Object.keys(PARTS) as (keyof typeof PARTS)[]

interface Options extends PartOptions {
  readonly only: readonly (keyof typeof PARTS)[]
  readonly json?: string
}

void runMain(async () => {
  const count = parseNumber({ min: 1, integer: true })
  const program = createProgram(
    'bench',
    'Measure this package against a plain Python loop that does the same work, and print targets with verdicts.',
  )
    .addOption(new Option('--only <parts...>', 'what is measured').choices(NAMES).default(NAMES))
    .option('--steps <count>', 'updates that are timed of each kind', count, 14)
    .option('--rounds <count>', 'rounds of certification that are timed', count, 10)
    .option('--threads <count>', 'torch threads of each side', count, 1)
    .option('--device <name>', 'torch device of both sides', 'cpu')
    .option(
      '--before <folder>',
      'an earlier checkout, with its packages, that certification is compared with',
    )
    .option('--json <file>', 'where the result is written as well')
    .option('--python <path>', 'Python interpreter to use')
  const options = (await program.parseAsync()).opts<Options>()
  const { only, json } = options
  const results: { part: string; result: PartResult }[] = []
  for (const part of NAMES.filter(name => only.includes(name))) {
    const result = await PARTS[part](options)
    if (result.text !== undefined) console.log(`${result.text}\n`)
    results.push({ part, result })
  }
  const verdicts = results.flatMap(({ result }) => result.verdicts)
  if (verdicts.length > 0) console.log(describeVerdicts(verdicts))
  console.log(
    `${cpus()[0]?.model}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(2)} at the end; ${verdicts.filter(isMet).length} of ${verdicts.length} met`,
  )
  if (json === undefined) return
  const result = {
    command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
    date: new Date().toISOString(),
    machine: { processor: cpus()[0]?.model, cores: availableParallelism(), loadAverage: loadavg() },
    verdicts: verdicts.map(verdict => ({ ...verdict, met: isMet(verdict) })),
    parts: Object.fromEntries(results.map(({ part, result: { raw } }) => [part, raw])),
  }
  await writeOutput(json, `${JSON.stringify(result, null, 1)}\n`)
})
