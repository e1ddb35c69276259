import { connect } from '../src'
import { resolveInterpreter } from '../src/environment/interpreter'
import { progressBar } from '../src/terminal/progress'
import { BASELINES, measureBaseline } from './baselines/baselines'
import { adaptiveSeconds, type Cost } from './certification/adaptive-seconds'
import { againstBefore } from './certification/against-before'
import { againstPlainLoop, CertificationBench } from './certification/certification-bench'
import { ensembleCost } from './certification/ensemble-cost'
import { processorSeconds } from './certification/processor-seconds'
import { scalingOfTwo } from './processes/scaling'
import { commandSeconds, firstStepSeconds } from './processes/start-up'
import { type WholeProcess, wholeProcesses } from './processes/whole-process'
import { median, medianInterval } from './statistics'
import type { Verdict } from './targets'
import { type Measurement, measure, type Round } from './training/measure'
import { describeStep } from './training/report'
import { summarize } from './training/summary'
import { type Mode, workload } from './training/workload'

/** How parts are measured. */
export interface PartOptions {
  readonly steps: number
  readonly rounds: number
  readonly threads: number
  readonly device: string
  readonly python?: string
  /** Folder of an earlier checkout, with its packages. */
  readonly before?: string
}

/** Updates over which both sides must agree before anything is timed. */
const CHECKED_UPDATES = 12

const SAME: Mode = { maskShare: 1, loop: 'same' }
const share = (maskShare: number): Mode => ({ maskShare, loop: 'everything' })
/** Shares of the mask against a loop that attacks all images, and three times as often the same work on both sides. */
const MODES = [SAME, share(0), share(0.1), SAME, share(0.25), share(0.45), SAME, share(0.75), share(1)]
const SHARE_TARGETS: ReadonlyMap<number | null, number> = new Map([
  [0.1, 0.55],
  [0.45, 0.75],
])

export interface PartResult {
  readonly verdicts: readonly Verdict[]
  /** What is printed above the table. */
  readonly text?: string
  /** What is kept beside the verdicts. */
  readonly raw: unknown
}

interface Pair {
  readonly typescript: Pick<Round['typescript'], 'totalMs'>
  readonly python: Pick<Round['python'], 'totalMs'>
}

function pairedRatio(rounds: readonly Pair[]): { ratio: number; note: string } {
  const ratios = rounds.map(({ typescript, python }) => typescript.totalMs / python.totalMs)
  const { lower, upper } = medianInterval(ratios)
  return {
    ratio: median(ratios),
    note: `95 % ${lower.toFixed(3)} to ${upper.toFixed(3)}, ${ratios.length} pairs`,
  }
}

async function step(options: PartOptions): Promise<PartResult> {
  const total = CHECKED_UPDATES + options.steps * MODES.length
  const bar = progressBar('updates, both sides in turn', { total })
  const measurement: Measurement = await measure({
    ...{ workload: workload('digits'), modes: MODES, checkedUpdates: CHECKED_UPDATES },
    ...{ python: options.python, device: options.device, threads: options.threads },
    timedUpdates: options.steps * MODES.length,
    onUpdate: done => bar.update(done),
  }).finally(() => bar.stop())
  const of = (mode: Mode) => measurement.timed.filter(round => round.mode === mode)
  const same = pairedRatio(of(SAME))
  const shares = [...new Set(MODES)]
    .filter(mode => mode !== SAME)
    .map(mode => ({ mode, ...pairedRatio(of(mode)) }))
  const summary = summarize({ ...measurement, timed: of(SAME) })
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
    const what = `mask share ${mode.maskShare} against a loop that attacks everything`
    verdicts.push({ what, target, measured: ratio, better: 'less', unit: '×', note })
  }
  const curve = shares.map(({ mode, ratio }) => `${mode.maskShare}: ${ratio.toFixed(3)}`).join(', ')
  const last = measurement.timed.at(-1)
  if (last?.typescript.devicePeak && last.python.devicePeak) {
    verdicts.push({
      ...{ what: 'peak device memory over that of the Python loop', target: 1, better: 'less', unit: '×' },
      ...{ measured: last.typescript.devicePeak / last.python.devicePeak, note: '' },
    })
  }
  return {
    verdicts,
    text: `${describeStep(measurement, summary)}\ntime over that of a loop that attacks everything, by mask share: ${curve}`,
    raw: { summary, same, shares },
  }
}

/** Methods of Table 1. */
async function baselines({ steps, ...options }: PartOptions): Promise<PartResult> {
  const taken: { name: string; rounds: Awaited<ReturnType<typeof measureBaseline>> }[] = []
  for (const baseline of BASELINES) {
    const name = `${baseline.method}, ${baseline.network}`
    const bar = progressBar(`${name}, both sides in turn`, { total: 1 })
    const rounds = await measureBaseline(baseline, {
      ...{ ...options, timedUpdates: steps },
      onUpdate: (done, of) => bar.update(done / of),
    }).finally(() => bar.stop())
    taken.push({ name, rounds })
  }
  return {
    verdicts: taken.map(({ name, rounds }) => {
      const { ratio, note } = pairedRatio(
        rounds.map(({ typescriptMs, pythonMs }) => ({
          typescript: { totalMs: typescriptMs },
          python: { totalMs: pythonMs },
        })),
      )
      const stepMs = median(rounds.map(({ pythonMs }) => pythonMs)).toFixed(1)
      const hostMs = median(rounds.map(round => round.hostMs)).toFixed(1)
      return {
        ...{ what: `${name}: a step against the Python loop`, target: 1.02, measured: ratio },
        ...{ better: 'less', unit: '×', note: `${note}; a step of the loop ${stepMs} ms, host ${hostMs} ms` },
      }
    }),
    raw: Object.fromEntries(taken.map(({ name, rounds }) => [name, rounds])),
  }
}

/** The CIFAR-10 networks at full size; few images and noises, since the ratio does not depend on how many there are. */
async function size({ python, device, threads }: PartOptions): Promise<PartResult> {
  const work = workload('cifar10', config => ({
    ...config,
    autocast: 'none',
    method: { ...config.method, noises: 2, attack: { ...config.method.attack, steps: 1 } },
    optimisation: { ...config.optimisation, imagesPerUpdate: 1, imagesPerMicroBatch: 1 },
  }))
  const bar = progressBar('full-size updates, both sides in turn', { total: 4 })
  const { timed } = await measure({
    ...{ workload: work, modes: [{ maskShare: 1, loop: 'same' }], python, device, threads },
    ...{ checkedUpdates: 1, timedUpdates: 3, onUpdate: done => bar.update(done) },
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

/** Enough that the last pass of a round, which is padded, is about a percent of them. A round also begins a log. */
const IMAGES_A_ROUND = 32

async function certification({ python, device, threads, rounds }: PartOptions): Promise<PartResult> {
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
        ...{ what: 'certification against plain Python CERTIFY, float32: lower end of 95 %', target: 1.02 },
        ...{ measured: lower, better: 'less', unit: '×' },
        note: `median ${median(ratios).toFixed(3)}, 95 % to ${upper.toFixed(3)}, ${ratios.length} pairs`,
      },
    ],
    raw: times,
  }
}

/** Pairs of whole commands, and images of each. */
const PAIRS = 5
const IMAGES_A_PAIR = 10

/** Without an earlier checkout there is nothing to compare with. */
async function before({ before: folder, threads, python }: PartOptions): Promise<PartResult> {
  if (folder === undefined) {
    return { verdicts: [], text: 'Certification against earlier code: give --before <folder>.', raw: null }
  }
  const interpreter = await resolveInterpreter({ python })
  const bar = progressBar('certification, before and after in turn', { total: PAIRS })
  const times = await againstBefore({
    ...{ before: folder, pairs: PAIRS, images: IMAGES_A_PAIR, threads, python: interpreter.path },
    onPair: done => bar.update(done),
  }).finally(() => bar.stop())
  const ratios = times.map(({ beforeMs, afterMs }) => afterMs / beforeMs)
  const { lower, upper } = medianInterval(ratios)
  return {
    verdicts: [
      {
        ...{ what: 'certification against earlier code: lower end of 95 %', target: 1.02 },
        ...{ measured: lower, better: 'less', unit: '×' },
        note: `median ${median(ratios).toFixed(3)}, 95 % to ${upper.toFixed(3)}, ${ratios.length} pairs`,
      },
    ],
    raw: times,
  }
}

/** Images have probabilities of the published log, spread from the least to the largest. */
const ADAPTIVE = [
  {
    n: 10_000,
    batch: 256,
    radii: 'sigma',
    images: 20,
    fixedImages: 20,
    target: 2.5,
  },
  {
    n: 100_000,
    batch: 1000,
    radii: [0.25, 0.5, 0.75, 1, 1.25, 1.5],
    images: 100,
    fixedImages: 1,
    target: 10,
  },
] as const

/** Fewest copies a second, relative to those with a fixed n: padding and time between passes take the rest. */
const ADAPTIVE_RATE = 0.95

async function adaptive({ python, device, threads, rounds }: PartOptions): Promise<PartResult> {
  const interpreter = await resolveInterpreter({ python })
  await using session = await connect({ python: interpreter.path, device, threads })
  // Of the bench, only the networks and the images are used.
  const { images, n, batch } = ADAPTIVE[0]
  await using bench = await CertificationBench.start(session, { rounds, threads, images, n, batch })
  const verdicts: Verdict[] = []
  const raw: object[] = []
  for (const { target, ...settings } of ADAPTIVE) {
    // Other work disturbs processor seconds little.
    const clock = () => processorSeconds(session)
    const measured = await adaptiveSeconds(bench, { ...settings, n0: 100, clock })
    const { fixed, adaptive: few } = measured
    const perSecond = ({ copies, seconds }: Cost) => copies / seconds
    const grid = `n = ${settings.n.toLocaleString('en')}`
    verdicts.push(
      {
        what: `processor seconds an image, ${grid}: fixed over adaptive grid`,
        ...{ target, measured: fixed.seconds / few.seconds, better: 'more', unit: '×' },
        note: `${fixed.seconds.toFixed(2)} s and ${few.seconds.toFixed(2)} s; ${(fixed.copies / few.copies).toFixed(2)} × fewer copies`,
      },
      {
        what: `copies a processor second, ${grid}: adaptive grid over fixed`,
        ...{ target: ADAPTIVE_RATE, measured: perSecond(few) / perSecond(fixed), better: 'more', unit: '×' },
        note: `${(100 * few.padding).toFixed(1)} % padding in ${few.passes} passes`,
      },
    )
    raw.push({ settings, ...measured })
  }
  return { verdicts, raw }
}

/** Passes of an ensemble in a round, and copies of each. */
const ENSEMBLE = { passes: 6, batch: 512 }

async function ensemble({ python, device, threads, rounds }: PartOptions): Promise<PartResult> {
  const interpreter = await resolveInterpreter({ python })
  await using session = await connect({ python: interpreter.path, device, threads })
  const settings = { rounds, images: 1, n: 500, threads, ...ENSEMBLE }
  await using bench = await CertificationBench.start(session, settings)
  const times = await ensembleCost(bench, settings)
  const ratios = times.map(({ ensembleSeconds, networksSeconds }) => ensembleSeconds / networksSeconds)
  const { lower, upper } = medianInterval(ratios)
  const copies = ENSEMBLE.passes * ENSEMBLE.batch
  const copyMs = (1000 * median(times.map(({ networksSeconds }) => networksSeconds))) / copies
  return {
    verdicts: [
      {
        ...{
          what: 'processor time a copy: an ensemble of three over denoising and three classifications',
          target: 1.05,
        },
        ...{ measured: median(ratios), better: 'less', unit: '×' },
        note: `95 % ${lower.toFixed(3)} to ${upper.toFixed(3)}, ${ratios.length} pairs; the networks alone ${copyMs.toFixed(3)} ms`,
      },
    ],
    raw: times,
  }
}

async function start(options: PartOptions): Promise<PartResult> {
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

/** Enough that starting is the smaller part. */
const UPDATES_A_PROCESS = 100

/** No target names these. */
async function wholeProcess(options: PartOptions): Promise<PartResult> {
  const whole = await wholeProcesses(UPDATES_A_PROCESS, options)
  const describe = ({ elapsedSeconds, cpuSeconds, peakMegabytes }: WholeProcess) =>
    `${elapsedSeconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of processor time, ${peakMegabytes.toFixed(0)} MB`
  const node = `${whole.typescript.nodePeakMegabytes.toFixed(0)} MB in Node`
  const text = [
    `Whole processes, ${whole.updates} updates of the digits, by GNU time:`,
    `TypeScript: ${describe(whole.typescript)} in Python, ${node}`,
    `plain Python loop: ${describe(whole.python)}`,
  ]
  return { verdicts: [], text: text.join('\n'), raw: whole }
}

async function scaling({ python }: PartOptions): Promise<PartResult> {
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

/** What `npm run bench` measures, in this order. */
export const PARTS = {
  step,
  baselines,
  size,
  certification,
  before,
  adaptive,
  ensemble,
  start,
  process: wholeProcess,
  scaling,
}
