import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { certificationOf, certifyDataset, connect, torch } from '../../src'
import { readCertificationLog } from '../../src/analysis'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { loadNetworks } from '../../src/smoothing/load-networks'
import { smoothingOf } from '../../src/smoothing/smoothing'
import { datasetSpec } from '../../src/smoothing/specs'
import { median } from '../statistics'
import { measure } from '../training/measure'
import { type FtCadisRun, type ScaleName, workload } from '../training/workload'
import {
  type Arithmetic,
  type CertificationArm,
  type FinetuningArm,
  type FullScale,
  RELEASED,
} from './full-size-arms'
import { gpuBusyShare } from './gpu-busy'

/** How one arm of `full-size.ts` is measured. */
export interface RowOptions {
  readonly scale: FullScale
  readonly device: string
  readonly threads: number
  /** Small networks in place of those of the paper. */
  readonly small: boolean
  readonly updates: number
  readonly python?: string
}

/** Operations of a forward pass for one image, and operations in a second by number type. */
export interface Rates {
  readonly denoiser: number
  readonly classifier: number
  readonly rates: { readonly bfloat16: number; readonly float32: number; readonly tf32: number }
}

export interface Row {
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
function shrunk(config: FtCadisRun): FtCadisRun {
  const { denoiser } = config.smoothing
  if (denoiser.source !== 'openai') return config
  const unet = { num_channels: 32, num_res_blocks: 1, image_size: 32, channel_mult: '1,2' }
  return {
    ...config,
    smoothing: { ...config.smoothing, denoiser: { ...denoiser, arguments: unet } },
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
    data: { ...config.data, imageSize: 32, classes: 10 } as FtCadisRun['data'],
  }
}

function changed(config: FtCadisRun, { denoiser, ...arithmetic }: Arithmetic, small: boolean): FtCadisRun {
  const made = small ? shrunk(config) : config
  const { smoothing } = made
  const computed = { ...smoothing.denoiser, dtype: denoiser } as FtCadisRun['smoothing']['denoiser']
  return { ...made, ...arithmetic, smoothing: { ...smoothing, denoiser: computed } }
}

export async function ratesOf(scale: ScaleName, device: string, options: RowOptions): Promise<Rates> {
  const { specs, config } = workload(scale, config => (options.small ? shrunk(config) : config))
  const interpreter = await resolveInterpreter({ python: options.python })
  const setup = {
    device,
    denoiser: torch.pythonSpec(specs.denoiser as torch.Spec),
    classifier: torch.pythonSpec({ ...(specs.classifier as torch.Spec), tuning: null }),
    imageSize: 'imageSize' in config.data ? config.data.imageSize : 32,
  }
  const { stdout } = await execa(interpreter.path, [join(__dirname, 'device_rates.py')], {
    input: JSON.stringify(torch.pythonSpec(setup as torch.Spec)),
  })
  return JSON.parse(stdout) as Rates
}

/**
 * Operations for one image of an update: noises × (denoiser + classifier passes). A backward pass costs a forward pass for
 * the gradient of what flows through, and as much again for the gradients of weights where all of them are trained.
 */
export function operationsPerImage(
  { denoiser, classifier }: Rates,
  config: FtCadisRun,
  maskShare: number,
): number {
  const { noises, attack } = config.method
  const backward = config.tuning.kind === 'full' ? 2 : 1
  const passes = 1 + backward + maskShare * (2 * attack.steps + 1 + backward)
  return noises * (denoiser + passes * classifier)
}

/** Times updates of one arm, on both sides in turn. */
export async function finetuningRow(arm: FinetuningArm, rates: Rates, options: RowOptions): Promise<Row> {
  const { maskShare, loop } = arm
  const { imagesPerUpdate, imagesPerMicroBatch } = options.small
    ? { imagesPerUpdate: 16, imagesPerMicroBatch: 8 }
    : arm
  const work = workload(options.scale, config => ({
    ...changed(config, arm.arithmetic, options.small),
    optimisation: { ...config.optimisation, imagesPerUpdate, imagesPerMicroBatch },
  }))
  const { result: measurement, busy } = await gpuBusyShare(() =>
    measure({
      modes: [{ maskShare, loop }],
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

/** Times the certification of a few images. */
export async function certificationRow(
  arm: CertificationArm,
  rates: Rates,
  options: RowOptions,
): Promise<Row> {
  const { denoiser: dtype = 'float32', ...arithmetic } = arm.arithmetic
  const { config } = workload(options.scale, config =>
    changed(config, { ...RELEASED, denoiser: dtype }, options.small),
  )
  const run = certificationOf(config)
  const { n, batch } = options.small ? { n: 64, batch: 32 } : arm
  // One size of pass: a compiled network is compiled once.
  const certification = { ...run.certification, ...arithmetic, n0: batch, n, batch }
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-bench-'))
  try {
    await using session = await connect(options)
    const { denoiser, classifier } = await loadNetworks(
      session,
      { ...run, certification },
      { randomWeights: 'allowed' },
    )
    const { autocast } = certification
    const smoothing = smoothingOf(denoiser, run.smoothing.sigma, { autocast })
    const dataset = await torch.openDataset(session, datasetSpec(config.data, 'test'))
    const log = join(folder, 'log.tsv')
    const certify = (indices: readonly number[]) =>
      certifyDataset(
        { smoothing, dataset, arms: [{ classifier, log, name: options.scale }] },
        { certification, indices },
      )
    const { result: rows, busy } = await gpuBusyShare(async () => {
      await certify([0, 1, 2, 3])
      return (await readCertificationLog(log)).rows
    })
    const { devicePeak } = await session.compute(() => torch.memoryNow(session))
    // Compiling and warming up happen in the first image; each row begins when the one before it is written.
    const ms = median(rows.slice(1).map(({ durationMs }) => durationMs))
    const perSecond = (1000 * (batch + n)) / ms
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
