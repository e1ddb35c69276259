/**
 * Measures this package against a plain Python loop that does the same work, and prints targets with verdicts.
 *
 *     npm run bench
 *     npm run bench -- --only step --steps 300 --json bench/results/step.json
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { Option } from 'commander'
import { connect } from '../src'
import { parseNumber } from '../src/cli/option-values'
import { createProgram, runMain } from '../src/cli/program'
import { progressBar } from '../src/cli/progress'
import { writeOutput } from '../src/cli/write-output'
import { resolveInterpreter } from '../src/environment/interpreter'
import { againstPlainLoop, CertificationBench } from './certification-bench'
import { type Measurement, measure, type Round } from './measure'
import { describeStep } from './report'
import { scalingOfTwo } from './scaling'
import { commandSeconds, firstStepSeconds } from './start-up'
import { median, medianInterval } from './statistics'
import { summarize } from './summary'
import { describeVerdicts, isMet, type Verdict } from './targets'
import { type Mode, workload } from './workload'

const PARTS = ['step', 'size', 'certification', 'start', 'scaling'] as const

interface Options {
  readonly only: readonly (typeof PARTS)[number][]
  readonly steps: number
  readonly rounds: number
  readonly threads: number
  readonly device: string
  readonly json?: string
  readonly python?: string
}

/** Updates over which both sides must agree before anything is timed. */
const CHECKED_UPDATES = 12

/** The same work on both sides; shares of the mask against the released code's loop; one against a loop that has our layout. */
const MODES: readonly Mode[] = [
  { maskShare: 1, loop: 'same' },
  ...[0, 0.1, 0.25, 0.45, 0.75, 1].map(maskShare => ({ maskShare, loop: 'released' as const })),
  { maskShare: 0.45, loop: 'everything' },
]
const SHARE_TARGETS: ReadonlyMap<number | null, number> = new Map([
  [0.1, 0.55],
  [0.45, 0.75],
])

interface PartResult {
  readonly verdicts: readonly Verdict[]
  /** What is printed above the table. */
  readonly text?: string
  /** What is kept beside the verdicts. */
  readonly raw: unknown
}

function pairedRatio(rounds: readonly Round[]): { ratio: number; note: string } {
  const ratios = rounds.map(({ typescript, python }) => typescript.totalMs / python.totalMs)
  const { lower, upper } = medianInterval(ratios)
  return {
    ratio: median(ratios),
    note: `95 % ${lower.toFixed(3)} to ${upper.toFixed(3)}, ${ratios.length} pairs`,
  }
}

async function step(options: Options): Promise<PartResult> {
  const total = CHECKED_UPDATES + options.steps * MODES.length
  const bar = progressBar('updates, both sides in turn', { total })
  const measurement: Measurement = await measure({
    ...{ workload: workload('digits'), modes: MODES, checkedUpdates: CHECKED_UPDATES },
    ...{ python: options.python, device: options.device, threads: options.threads },
    timedUpdates: options.steps * MODES.length,
    onUpdate: done => bar.update(done),
  }).finally(() => bar.stop())
  const of = (mode: Mode) => measurement.timed.filter(round => round.mode === mode)
  const modes = MODES.map(mode => ({ mode, rounds: of(mode), ...pairedRatio(of(mode)) }))
  const shares = modes.filter(({ mode }) => mode.loop === 'released')
  const [same, sameLayout] = [modes.at(0), modes.at(-1)]
  if (same === undefined || sameLayout === undefined) throw new Error('There are always modes.')
  const summary = summarize({ ...measurement, timed: same.rounds })
  const verdicts: Verdict[] = [
    {
      ...{ what: 'host cost of a fine-tuning step', target: 1.5, measured: summary.hostMs.median },
      ...{ better: 'less', unit: 'ms', note: `${summary.phases.instructions} instructions` },
    },
    {
      ...{ what: 'answers of Python a micro-batch', target: 3, measured: summary.phases.answers },
      ...{ better: 'less', unit: '', note: 'whatever M and T' },
    },
    {
      ...{ what: 'same work as the Python loop, digits', target: 1.02, measured: same.ratio },
      ...{ better: 'less', unit: '×', note: same.note },
    },
  ]
  for (const { mode, ratio, note } of shares) {
    const target = SHARE_TARGETS.get(mode.maskShare)
    if (target === undefined) continue
    const what = `mask share ${mode.maskShare} against the loop of the released code`
    verdicts.push({ what, target, measured: ratio, better: 'less', unit: '×', note })
  }
  const curve = shares.map(({ mode, ratio }) => `${mode.maskShare}: ${ratio.toFixed(3)}`).join(', ')
  const text = [
    describeStep(measurement, summary),
    `time over that of the released code's loop, by mask share: ${curve}`,
    `at a share of ${sameLayout.mode.maskShare} over that of a loop with our memory layout: ${sameLayout.ratio.toFixed(3)} (${sameLayout.note})`,
  ]
  const last = measurement.timed.at(-1)
  if (last?.typescript.devicePeak && last.python.devicePeak) {
    verdicts.push({
      ...{ what: 'peak device memory over that of the Python loop', target: 1, better: 'less', unit: '×' },
      ...{ measured: last.typescript.devicePeak / last.python.devicePeak, note: '' },
    })
  }
  return {
    verdicts,
    text: text.join('\n'),
    raw: { summary, modes: modes.map(({ mode, ratio, note }) => ({ ...mode, ratio, note })) },
  }
}

/** The CIFAR-10 networks at full size; few images and noises, since the ratio does not depend on how many there are. */
async function size({ python, device, threads }: Options): Promise<PartResult> {
  const work = workload('cifar10', config => ({
    ...config,
    autocast: 'none',
    method: { ...config.method, noises: 2, attack: { ...config.method.attack, steps: 1 } },
    optimisation: { ...config.optimisation, imagesPerUpdate: 1, imagesPerMicroBatch: 1 },
  }))
  const bar = progressBar('full-size updates, both sides in turn', { total: 5 })
  const { timed } = await measure({
    ...{ workload: work, modes: [{ maskShare: 1, loop: 'same' }], python, device, threads },
    ...{ checkedUpdates: 1, timedUpdates: 4, onUpdate: done => bar.update(done) },
  }).finally(() => bar.stop())
  const { note } = pairedRatio(timed)
  const host = median(timed.map(({ typescript }) => typescript.totalMs / typescript.phases.pythonMs))
  return {
    verdicts: [
      {
        ...{ what: 'the same at CIFAR-10 size: time over the part of it in Python', target: 1.005 },
        ...{ measured: host, better: 'less', unit: '×', note: `paired with the loop: ${note}` },
      },
    ],
    raw: timed.map(({ typescript, python: loop }) => [typescript.totalMs, loop.totalMs]),
  }
}

/** Few: sides that run a second apart differ by what else the machine does. */
const IMAGES_A_ROUND = 2

async function certification({ python, device, threads, rounds }: Options): Promise<PartResult> {
  const interpreter = await resolveInterpreter({ python })
  await using session = await connect({ python: interpreter.path, device, threads })
  await using bench = await CertificationBench.start(session, {
    ...{ rounds, images: IMAGES_A_ROUND, n: 500, batch: 512, threads },
  })
  const bar = progressBar('certification, both sides in turn', { total: rounds + 1 })
  const times = await againstPlainLoop(bench, {
    ...{ rounds, images: IMAGES_A_ROUND, interpreter: interpreter.path, onRound: done => bar.update(done) },
  }).finally(() => bar.stop())
  const ratios = times.map(({ typescriptMs, pythonMs }) => typescriptMs / pythonMs)
  const { lower, upper } = medianInterval(ratios)
  return {
    verdicts: [
      {
        ...{ what: 'certification against plain Python CERTIFY, float32', target: 1.01 },
        ...{ measured: median(ratios), better: 'less', unit: '×' },
        note: `95 % ${lower.toFixed(3)} to ${upper.toFixed(3)}, ${ratios.length} pairs`,
      },
    ],
    raw: times,
  }
}

async function start(options: Options): Promise<PartResult> {
  const commands = await commandSeconds()
  const first = await firstStepSeconds(options)
  const seconds = (value: number) => `${value.toFixed(1)} s`
  return {
    verdicts: [
      {
        ...{ what: 'ft-cadis --help', target: 0.3, measured: commands.help, better: 'less', unit: 's' },
        note: 'median of 5',
      },
      {
        ...{ what: 'ft-cadis analyze, 10,000 rows', target: 0.7, measured: commands.analyze },
        ...{ better: 'less', unit: 's', note: 'median of 5' },
      },
      {
        ...{ what: 'first optimizer step against the Python loop, imports included', target: 1.2 },
        ...{ measured: first.typescript / first.python, better: 'less', unit: '×' },
        note: `${seconds(first.typescript)} and ${seconds(first.python)}`,
      },
    ],
    raw: { commands, first },
  }
}

async function scaling({ python }: Options): Promise<PartResult> {
  const interpreter = await resolveInterpreter({ python })
  const scaling = await scalingOfTwo(interpreter.path)
  const gain = (part: keyof typeof scaling) => {
    const gains = scaling[part].map(({ one, two }) => one / two)
    const each = gains.map(value => value.toFixed(2)).join(', ')
    return { measured: median(gains), note: `one core each; ${each}` }
  }
  return {
    verdicts: [
      {
        ...{ what: 'certification by two processes', target: 1.8, ...gain('certification') },
        ...{ better: 'more', unit: '×' },
      },
      {
        ...{ what: 'fine-tuning by two ranks', target: 1.5, ...gain('finetuning') },
        ...{ better: 'more', unit: '×' },
      },
    ],
    raw: scaling,
  }
}

void runMain(async () => {
  const count = parseNumber({ min: 1, integer: true })
  const program = createProgram(
    'bench',
    'Measure this package against a plain Python loop that does the same work, and print targets with verdicts.',
  )
    .addOption(new Option('--only <parts...>', 'what is measured').choices(PARTS).default([...PARTS]))
    .option('--steps <count>', 'updates that are timed of each kind', count, 30)
    .option('--rounds <count>', 'rounds of certification that are timed', count, 40)
    .option('--threads <count>', 'torch threads of each side', count, 1)
    .option('--device <name>', 'torch device of both sides', 'cpu')
    .option('--json <file>', 'where the result is written as well')
    .option('--python <path>', 'Python interpreter to use')
  const options = (await program.parseAsync()).opts<Options>()
  const { only, json } = options
  const measures = { step, size, certification, start, scaling }
  const results: { part: string; result: PartResult }[] = []
  for (const part of PARTS.filter(name => only.includes(name))) {
    const result = await measures[part](options)
    if (result.text !== undefined) console.log(`${result.text}\n`)
    results.push({ part, result })
  }
  const verdicts = results.flatMap(({ result }) => result.verdicts)
  console.log(describeVerdicts(verdicts))
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
