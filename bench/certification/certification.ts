/**
 * Times the certification of digits against a plain Python CERTIFY loop that does the same work, and each option for speed
 * against neither.
 *
 *     npx ts-node bench/certification/certification.ts --rounds 20 --options channelsLast bfloat16 compile
 */
import { availableParallelism, loadavg } from 'node:os'
import Table from 'cli-table3'
import { Option } from 'commander'
import { connect } from '../../src'
import { parseNumber } from '../../src/cli/option-values'
import { createProgram, runMain } from '../../src/cli/program'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { progressBar } from '../../src/terminal/progress'
import { median, medianInterval, quantile } from '../statistics'
import {
  againstPlainLoop,
  CertificationBench,
  type CertificationBenchOptions,
  VARIANTS,
  withAndWithout,
} from './certification-bench'

interface Options extends CertificationBenchOptions {
  readonly device: string
  readonly options: readonly (keyof typeof VARIANTS)[]
  readonly python?: string
}

async function main(options: Options): Promise<void> {
  const interpreter = await resolveInterpreter({ python: options.python })
  await using session = await connect({ ...options, python: interpreter.path })
  await using bench = await CertificationBench.start(session, options)
  const { info } = session
  const { n0, n, batch } = bench.config.certification
  console.log(
    `Certification of digits: ${n0} + ${n} noisy copies an image in batches of ${batch}; ${info.deviceName}, ` +
      `${info.device}, ${info.threads} torch thread(s), torch ${info.torch}, load ${loadavg()[0]} of ${availableParallelism()}`,
  )
  if (options.rounds > 0) {
    const bar = progressBar('rounds, both sides in turn', { total: options.rounds + 1 })
    const times = await againstPlainLoop(bench, {
      ...options,
      interpreter: interpreter.path,
      onRound: done => bar.update(done),
    }).finally(() => bar.stop())
    const copies = options.images * (n0 + n)
    const table = new Table({
      head: ['side', 'copies/s', 'ms a round', '5 %', '95 %'],
      style: { head: [], border: [] },
    })
    for (const side of ['typescript', 'python'] as const) {
      const own = times.map(time => time[`${side}Ms`])
      const shown = [median(own), quantile(own, 0.05), quantile(own, 0.95)].map(ms => ms.toFixed(1))
      table.push([side, ((1000 * copies) / median(own)).toFixed(0), ...shown])
    }
    const ratios = times.map(({ typescriptMs, pythonMs }) => typescriptMs / pythonMs)
    const { lower, upper } = medianInterval(ratios)
    console.log(table.toString())
    console.log(
      `Same votes on ${options.images * (options.rounds + 1)} images. Median of ${ratios.length} paired ratios ` +
        `${median(ratios).toFixed(4)}, 95 % interval ${lower.toFixed(4)} to ${upper.toFixed(4)}`,
    )
  }
  for (const name of options.options) {
    const { without, withIt } = await withAndWithout(bench, VARIANTS[name], options)
    const gain = median(without) / median(withIt)
    console.log(
      `${name}: ${median(without).toFixed(1)} ms an image without, ${median(withIt).toFixed(1)} ms with it: ${gain.toFixed(2)} times as fast`,
    )
  }
}

void runMain(async () => {
  const count = parseNumber({ min: 1, integer: true })
  const program = createProgram(
    'bench-certification',
    'Time the certification of digits against a plain Python loop, and its options for speed.',
  )
    .option(
      '--rounds <count>',
      'rounds that are timed on both sides',
      parseNumber({ min: 0, integer: true }),
      10,
    )
    .option('--images <count>', 'images in a round', count, 8)
    .option('--n <count>', 'noisy copies that bound the probability', count, 1000)
    .option('--batch <count>', 'noisy copies in one pass', count, 512)
    .option('--threads <count>', 'torch threads of each side', count, 1)
    .option('--device <name>', 'torch device of both sides', 'cpu')
    .addOption(
      new Option('--options <names...>', 'options whose gain is measured')
        .choices(Object.keys(VARIANTS))
        .default([]),
    )
    .option('--python <path>', 'Python interpreter to use')
  await main((await program.parseAsync()).opts<Options>())
})
