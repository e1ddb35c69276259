/**
 * Fine-tuning and certification with the paper's networks at their full size, random weights and images: images a second,
 * the ratio to the plain Python loop, operations over the device's own matrix rate, memory. Meant for a GPU.
 *
 *     npx ts-node bench/full-size/full-size.ts --scale cifar10 --json bench/results/full-size-cifar10.json
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import Table from 'cli-table3'
import { Option } from 'commander'
import { connect } from '../../src'
import { parseNumber } from '../../src/cli/option-values'
import { createProgram, runMain } from '../../src/cli/program'
import { writeOutput } from '../../src/cli/write-output'
import { certificationRows } from './certification-rows'
import { finetuningRows } from './finetuning-rows'
import { CERTIFICATION, FINETUNING } from './full-size-arms'
import { type Rates, type RowOptions, ratesOf } from './networks'

const PARTS = ['certification', 'adaptive', 'finetuning'] as const

interface Options extends RowOptions {
  readonly only: readonly (typeof PARTS)[number][]
  readonly match: string
  readonly rates?: string
  readonly json?: string
}

/** Prints the numbers of a row in columns by their names. */
function show(part: string, rows: readonly object[]): void {
  for (const row of rows) {
    const table = new Table({ style: { head: [], border: [] } })
    for (const [name, value] of Object.entries(row)) {
      const shown = typeof value === 'number' ? value.toPrecision(5) : JSON.stringify(value)
      table.push([name, shown])
    }
    console.log(`${part}\n${table}`)
  }
}

/** Counts operations and measures matrix products, or reads what an earlier call found. */
async function knownRates(device: string, options: Options): Promise<Rates> {
  const { rates: file, scale } = options
  if (file !== undefined && existsSync(file)) return JSON.parse(await readFile(file, 'utf8'))
  const found = await ratesOf(scale, device, options)
  if (file !== undefined) await writeOutput(file, `${JSON.stringify(found)}\n`)
  return found
}

void runMain(async () => {
  const program = createProgram(
    'bench-full-size',
    'Time fine-tuning and certification with full-size networks.',
  )
    .addOption(
      new Option('--scale <name>', 'networks and images').choices(['cifar10', 'imagenet']).default('cifar10'),
    )
    .addOption(
      new Option('--only <parts...>', 'what is measured')
        .choices([...PARTS])
        .default(['finetuning', 'certification']),
    )
    .option(
      '--updates <count>',
      'updates that are timed in each mode',
      parseNumber({ min: 1, integer: true }),
      4,
    )
    .option('--device <name>', 'torch device', 'auto')
    .option('--threads <count>', 'torch threads of each side', parseNumber({ min: 1, integer: true }), 4)
    .option('--no-plain', 'certification without the plain Python loop')
    .option('--match <expression>', 'only what has a name like this', '')
    .option('--small', 'small networks in place of those of the paper, to see that it runs', false)
    .option('--rates <file>', 'where the rate of matrix products is kept for the next call')
    .option('--json <file>', 'where the result is written as well')
    .option('--python <path>', 'Python interpreter to use')
  const options = (await program.parseAsync()).opts<Options>()
  const { scale, only, json } = options
  const info = await (async () => {
    await using session = await connect({ device: options.device, python: options.python })
    return session.info
  })()
  console.log(
    `${scale}, ${info.deviceName}, torch ${info.torch}, Python ${info.python}, Node ${process.versions.node}`,
  )
  const rates = await knownRates(info.device, options)
  const found: Record<string, object[]> = {}
  const keep = async (part: string, rows: readonly object[]) => {
    found[part] = [...(found[part] ?? []), ...rows]
    show(part, rows)
    if (json === undefined) return
    const { device, processor, cores } = {
      ...{ device: info.deviceName, processor: cpus()[0]?.model, cores: cpus().length },
    }
    const { python, torch, cuda } = info
    const result = {
      bench: `full size, ${scale}`,
      command: ['npx ts-node bench/full-size/full-size.ts', ...process.argv.slice(2)].join(' '),
      date: new Date().toISOString(),
      machine: { device, processor, cores },
      versions: { node: process.versions.node, python, torch, cuda },
      ...{ rates, ...found },
    }
    await writeOutput(json, `${JSON.stringify(result, null, 1)}\n`)
  }
  const chosen = <Arm extends { readonly name: string }>(arms: readonly Arm[]) =>
    arms.filter(({ name }) => new RegExp(options.match).test(name))
  if (only.includes('certification') || only.includes('adaptive')) {
    for (const arm of chosen(CERTIFICATION[scale])) {
      const parts = certificationRows(arm, rates, {
        ...options,
        isAdaptive: only.includes('adaptive'),
      })
      for await (const [part, row] of parts) await keep(part, [row])
    }
  }
  if (only.includes('finetuning')) {
    for (const arm of chosen(FINETUNING[scale])) {
      for await (const row of finetuningRows(arm, rates, options)) await keep('finetuning', [row])
    }
  }
})
