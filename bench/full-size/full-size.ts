/**
 * Fine-tuning and certification with the paper's networks at their full size, random weights and images: images a second,
 * the ratio to the plain Python loop, operations over the device's own matrix rate, memory. Meant for a GPU.
 *
 *     npx ts-node bench/full-size/full-size.ts --scale cifar10 --json bench/results/full-size-cifar10.json
 */
import { cpus } from 'node:os'
import Table from 'cli-table3'
import { Option } from 'commander'
import { connect } from '../../src'
import { parseNumber } from '../../src/cli/option-values'
import { createProgram, runMain } from '../../src/cli/program'
import { writeOutput } from '../../src/cli/write-output'
import { CERTIFICATION, FINETUNING } from './full-size-arms'
import { certificationRow, finetuningRow, type Row, type RowOptions, ratesOf } from './full-size-rows'

interface Options extends RowOptions {
  readonly only: readonly string[]
  readonly match: string
  readonly json?: string
}

function show(title: string, rows: readonly Row[]): void {
  const table = new Table({
    head: ['', 'images/s', 'Python', 'ratio', 'TFLOP/s', 'of bf16 rate', 'GPU busy', 'GiB'],
    style: { head: [], border: [] },
  })
  const number = (value: number | null | undefined, digits: number) => value?.toFixed(digits) ?? '–'
  for (const row of rows) {
    table.push([
      ...[row.name, number(row.imagesPerSecond, 1), number(row.pythonImagesPerSecond, 1)],
      ...[number(row.ratioToPython, 3), number(row.teraflops, 1), number(row.shareOfMatrixRate, 3)],
      ...[number(row.gpuBusy, 2), number(row.peakGiB, 1)],
    ])
  }
  console.log(`${title}\n${table}`)
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
        .choices(['finetuning', 'certification'])
        .default(['finetuning', 'certification']),
    )
    .option('--updates <count>', 'updates that are timed', parseNumber({ min: 1, integer: true }), 4)
    .option('--device <name>', 'torch device', 'auto')
    .option('--threads <count>', 'torch threads of each side', parseNumber({ min: 1, integer: true }), 4)
    .option('--match <expression>', 'only what has a name like this', '')
    .option('--small', 'small networks in place of those of the paper, to see that it runs', false)
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
  const rates = await ratesOf(scale, info.device, options)
  console.log(
    `operations an image: denoiser ${(rates.denoiser / 1e9).toFixed(1)} G, classifier ${(rates.classifier / 1e9).toFixed(1)} G; ` +
      `matrix products: ${Object.entries(rates.rates)
        .map(([name, rate]) => `${name} ${(rate / 1e12).toFixed(0)} TFLOP/s`)
        .join(', ')}`,
  )
  const rows = { finetuning: [] as Row[], certification: [] as Row[] }
  const save = async () => {
    if (json === undefined) return
    const versions = {
      node: process.versions.node,
      python: info.python,
      torch: info.torch,
      cuda: info.cuda,
    }
    const command = ['npx ts-node bench/full-size/full-size.ts', ...process.argv.slice(2)].join(' ')
    const machine = { device: info.deviceName, processor: cpus()[0]?.model, cores: cpus().length }
    const result = {
      bench: `full size, ${scale}`,
      command,
      date: new Date().toISOString(),
      machine,
      versions,
      rates,
      ...rows,
    }
    await writeOutput(json, `${JSON.stringify(result, null, 1)}\n`)
  }
  if (only.includes('certification')) {
    for (const arm of CERTIFICATION[scale].filter(({ name }) => new RegExp(options.match).test(name))) {
      rows.certification.push(await certificationRow(arm, rates, options))
      await save()
      show('Certification, noisy copies a second', rows.certification.slice(-1))
    }
  }
  if (only.includes('finetuning')) {
    for (const arm of FINETUNING[scale].filter(({ name }) => new RegExp(options.match).test(name))) {
      rows.finetuning.push(await finetuningRow(arm, rates, options))
      await save()
      show('Fine-tuning, images of updates a second', rows.finetuning.slice(-1))
    }
  }
  show('Certification, noisy copies a second', rows.certification)
  show('Fine-tuning, images of updates a second', rows.finetuning)
})
