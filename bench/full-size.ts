/**
 * Fine-tuning and certification with the paper's networks at their full size, random weights and images: images a second,
 * the ratio to the plain Python loop, operations over the device's own matrix rate, memory. Meant for a GPU.
 *
 *     npx ts-node bench/full-size.ts --scale cifar10 --json bench/results/full-size-cifar10.json
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { Option } from 'commander'
import { execa } from 'execa'
import { certificationOf, certifyDataset, connect, type RunConfig, readCertificationLog, torch } from '../src'
import { loadNetworks, testSetSpec } from '../src/certification/load-networks'
import { parseNumber } from '../src/cli/option-values'
import { createProgram, runMain } from '../src/cli/program'
import { writeOutput } from '../src/cli/write-output'
import { resolveInterpreter } from '../src/environment/interpreter'
import { gpuBusyShare } from './gpu-busy'
import { measure } from './measure'
import { median } from './statistics'
import { type LoopAttack, type ScaleName, workload } from './workload'

interface Options {
  readonly scale: 'cifar10' | 'imagenet'
  readonly only: readonly string[]
  readonly device: string
  readonly threads: number
  readonly match: string
  readonly small: boolean
  readonly updates: number
  readonly json?: string
  readonly python?: string
}

/** How numbers are computed. */
type Arithmetic = Pick<RunConfig, 'autocast' | 'tf32' | 'compileDenoiser'> & {
  readonly denoiser: RunConfig['denoiser']['dtype']
}

const RELEASED: Arithmetic = { denoiser: 'float32', autocast: 'float16', tf32: false, compileDenoiser: false }
const FASTEST: Arithmetic = { denoiser: 'bfloat16', autocast: 'bfloat16', tf32: true, compileDenoiser: true }

interface Finetuning {
  readonly name: string
  readonly arithmetic: Arithmetic
  readonly imagesPerUpdate: number
  readonly imagesPerMicroBatch: number
  readonly maskShare: number
  readonly loopAttack: LoopAttack
}

/** Batches that fill a GPU in reasonable time; memory is the user's to trade. */
const FINETUNING: Readonly<Record<Options['scale'], readonly Finetuning[]>> = {
  cifar10: [
    {
      name: 'float32 denoiser, float16 autocast; mask share 0.45 against a loop that attacks everything',
      arithmetic: RELEASED,
      imagesPerUpdate: 128,
      imagesPerMicroBatch: 8,
      maskShare: 0.45,
      loopAttack: 'everything',
    },
    {
      name: 'the same, both attack every image',
      arithmetic: RELEASED,
      imagesPerUpdate: 128,
      imagesPerMicroBatch: 64,
      maskShare: 1,
      loopAttack: 'same',
    },
    {
      name: 'bfloat16, compiled denoiser; both attack every image',
      arithmetic: FASTEST,
      imagesPerUpdate: 128,
      imagesPerMicroBatch: 64,
      maskShare: 1,
      loopAttack: 'same',
    },
    {
      name: 'bfloat16, compiled denoiser; mask share 0.45 against a loop that attacks everything',
      arithmetic: FASTEST,
      imagesPerUpdate: 128,
      imagesPerMicroBatch: 64,
      maskShare: 0.45,
      loopAttack: 'everything',
    },
  ],
  imagenet: [
    {
      name: 'float32 denoiser, float16 autocast; mask share 0.45 against a loop that attacks everything',
      arithmetic: RELEASED,
      imagesPerUpdate: 32,
      imagesPerMicroBatch: 8,
      maskShare: 0.45,
      loopAttack: 'everything',
    },
    {
      name: 'bfloat16, compiled denoiser; both attack every image',
      arithmetic: FASTEST,
      imagesPerUpdate: 128,
      imagesPerMicroBatch: 32,
      maskShare: 1,
      loopAttack: 'same',
    },
  ],
}

interface Certification {
  readonly name: string
  readonly arithmetic: Partial<RunConfig['certification']> & {
    readonly denoiser?: RunConfig['denoiser']['dtype']
  }
  readonly n: number
  readonly batch: number
}

const CERTIFICATION: Readonly<Record<Options['scale'], readonly Certification[]>> = {
  cifar10: [
    { name: 'float32', arithmetic: {}, n: 1000, batch: 496 },
    { name: 'TF32', arithmetic: { tf32: true }, n: 5000, batch: 992 },
    { name: 'float16 autocast', arithmetic: { autocast: 'float16' }, n: 10_000, batch: 992 },
    {
      name: 'bfloat16 denoiser, bfloat16 autocast',
      arithmetic: { autocast: 'bfloat16', denoiser: 'bfloat16' },
      n: 10_000,
      batch: 992,
    },
    {
      name: 'the same, compiled',
      arithmetic: { autocast: 'bfloat16', denoiser: 'bfloat16', compile: true },
      n: 19_840,
      batch: 992,
    },
  ],
  imagenet: [
    { name: 'float32', arithmetic: {}, n: 64, batch: 32 },
    { name: 'TF32', arithmetic: { tf32: true }, n: 128, batch: 64 },
    {
      name: 'bfloat16 denoiser, bfloat16 autocast',
      arithmetic: { autocast: 'bfloat16', denoiser: 'bfloat16' },
      n: 512,
      batch: 64,
    },
    {
      name: 'the same, compiled',
      arithmetic: { autocast: 'bfloat16', denoiser: 'bfloat16', compile: true },
      n: 1024,
      batch: 64,
    },
  ],
}

/** Operations of a forward pass for one image, and operations in a second by number type. */
interface Rates {
  readonly denoiser: number
  readonly classifier: number
  readonly rates: { readonly bfloat16: number; readonly float32: number; readonly tf32: number }
}

interface Row {
  readonly name: string
  /** Fine-tuning: images of an update. Certification: noisy copies. */
  readonly imagesPerSecond: number
  readonly pythonImagesPerSecond?: number
  readonly ratioToPython?: number
  readonly teraflops: number
  /** Of the measured rate of bfloat16 matrix products. */
  readonly shareOfMatrixRate: number
  readonly gpuBusy: number | null
  readonly peakGiB: number | null
  readonly pythonPeakGiB?: number | null
}

const GIB = 2 ** 30

/** Small networks of the same kinds, to see that all of this runs. */
function shrunk(config: RunConfig): RunConfig {
  if (config.denoiser.source !== 'openai') return config
  const unet = { num_channels: 32, num_res_blocks: 1, image_size: 32, channel_mult: '1,2' }
  return {
    ...config,
    denoiser: { ...config.denoiser, arguments: unet },
    classifier: {
      source: 'timm',
      dropPath: 0,
      name: 'vit_tiny_patch16_224',
      pretrained: false,
      numClasses: 10,
      inputRange: 'symmetric',
      resize: 32,
      modelArgs: { img_size: 32, depth: 2 },
    },
    data: { ...config.data, imageSize: 32, classes: 10 } as RunConfig['data'],
  }
}

function changed(config: RunConfig, { denoiser, ...arithmetic }: Arithmetic, small: boolean): RunConfig {
  const made = small ? shrunk(config) : config
  return { ...made, ...arithmetic, denoiser: { ...made.denoiser, dtype: denoiser } as RunConfig['denoiser'] }
}

async function ratesOf(scale: ScaleName, device: string, options: Options): Promise<Rates> {
  const { specs, config } = workload(scale, config => (options.small ? shrunk(config) : config))
  const interpreter = await resolveInterpreter({ python: options.python })
  const setup = {
    device,
    denoiser: torch.snakeCase(specs.denoiser as torch.Spec),
    classifier: torch.snakeCase({ ...(specs.classifier as torch.Spec), tuning: null }),
    imageSize: 'imageSize' in config.data ? config.data.imageSize : 32,
  }
  const { stdout } = await execa(interpreter.path, [join(__dirname, 'device_rates.py')], {
    input: JSON.stringify(torch.snakeCase(setup as torch.Spec)),
  })
  return JSON.parse(stdout) as Rates
}

/**
 * Operations for one image of an update: noises × (denoiser + classifier passes). A backward pass costs a forward pass for
 * the gradient of what flows through, and as much again for the gradients of weights where all of them are trained.
 */
function operationsPerImage({ denoiser, classifier }: Rates, config: RunConfig, maskShare: number): number {
  const { noises, attack } = config.method
  const backward = config.tuning.kind === 'full' ? 2 : 1
  const passes = 1 + backward + maskShare * (2 * attack.steps + 1 + backward)
  return noises * (denoiser + passes * classifier)
}

async function finetuningRow(arm: Finetuning, rates: Rates, options: Options): Promise<Row> {
  const { maskShare, loopAttack } = arm
  const { imagesPerUpdate, imagesPerMicroBatch } = options.small
    ? { imagesPerUpdate: 16, imagesPerMicroBatch: 8 }
    : arm
  const work = workload(options.scale, config => ({
    ...changed(config, arm.arithmetic, options.small),
    optimisation: { ...config.optimisation, imagesPerUpdate, imagesPerMicroBatch },
  }))
  const { result: measurement, busy } = await gpuBusyShare(() =>
    measure({
      modes: [{ maskShare, loopAttack }],
      ...{ workload: work, python: options.python, device: options.device, threads: options.threads },
      ...{ checkedUpdates: 2, timedUpdates: options.updates },
    }),
  )
  const { timed } = measurement
  const seconds = median(timed.map(({ typescript }) => typescript.totalMs)) / 1000
  const python = median(timed.map(({ python }) => python.totalMs)) / 1000
  const perSecond = imagesPerUpdate / seconds
  const done = perSecond * operationsPerImage(rates, work.config, maskShare)
  const last = timed.at(-1)
  const inGib = (bytes: number | null | undefined) => (typeof bytes === 'number' ? bytes / GIB : null)
  return {
    name: arm.name,
    imagesPerSecond: perSecond,
    pythonImagesPerSecond: imagesPerUpdate / python,
    ratioToPython: median(timed.map(({ typescript, python }) => typescript.totalMs / python.totalMs)),
    teraflops: done / 1e12,
    shareOfMatrixRate: done / rates.rates.bfloat16,
    gpuBusy: busy,
    peakGiB: inGib(last?.typescript.devicePeak),
    pythonPeakGiB: inGib(last?.python.devicePeak),
  }
}

async function certificationRow(arm: Certification, rates: Rates, options: Options): Promise<Row> {
  const { denoiser: dtype = 'float32', ...arithmetic } = arm.arithmetic
  const { config } = workload(options.scale, config =>
    changed(config, { ...RELEASED, denoiser: dtype }, options.small),
  )
  const run = certificationOf(config)
  const n0 = 32
  const { n, batch } = options.small ? { n: 64, batch: 32 } : arm
  const certification = { ...run.certification, ...arithmetic, n0, n, batch }
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-bench-'))
  try {
    await using session = await connect(options)
    const { denoiser, classifier } = await loadNetworks(session, { ...run, certification })
    const dataset = await torch.openDataset(session, testSetSpec(config.data))
    const log = join(folder, 'log.tsv')
    const { images: _, ...settings } = certification
    const certify = (indices: readonly number[]) =>
      certifyDataset(
        { denoiser, dataset, arms: [{ classifier, log, name: options.scale }] },
        { ...settings, indices },
      )
    const { result: rows, busy } = await gpuBusyShare(async () => {
      await certify([0, 1, 2, 3])
      return (await readCertificationLog(log)).rows
    })
    const { devicePeak } = await session.compute(() => torch.memoryNow(session))
    // Compiling and warming up happen in the first image; each row begins when the one before it is written.
    const ms = median(rows.slice(1).map(({ durationMs }) => durationMs))
    const perSecond = (1000 * (n0 + n)) / ms
    const done = perSecond * (rates.denoiser + rates.classifier)
    return {
      name: arm.name,
      imagesPerSecond: perSecond,
      teraflops: done / 1e12,
      shareOfMatrixRate: done / rates.rates.bfloat16,
      gpuBusy: busy,
      peakGiB: devicePeak === null ? null : devicePeak / GIB,
    }
  } finally {
    await rm(folder, { recursive: true })
  }
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
  const facts = await (async () => {
    await using session = await connect({ device: options.device, python: options.python })
    return session.facts
  })()
  console.log(
    `${scale}, ${facts.deviceName}, torch ${facts.torch}, Python ${facts.python}, Node ${process.versions.node}`,
  )
  const rates = await ratesOf(scale, facts.device, options)
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
      python: facts.python,
      torch: facts.torch,
      cuda: facts.cuda,
    }
    const command = ['npx ts-node bench/full-size.ts', ...process.argv.slice(2)].join(' ')
    const machine = { device: facts.deviceName, processor: cpus()[0]?.model, cores: cpus().length }
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
