import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type CertificationRunConfig,
  certificationOf,
  certifyDataset,
  connect,
  type Smoothing,
  torch,
} from '../../src'
import { readCertificationLog } from '../../src/analysis'
import { inferenceNetworks } from '../../src/certification/inference-networks'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { loadNetworks } from '../../src/smoothing/load-networks'
import { smoothingOf } from '../../src/smoothing/smoothing'
import { datasetSpec } from '../../src/smoothing/specs'
import { type AdaptiveSeconds, adaptiveSeconds } from '../certification/adaptive-seconds'
import { requireSameVotes } from '../certification/certification-bench'
import { INITIAL_STREAM, PlainCertification } from '../certification/plain-certification'
import { median } from '../statistics'
import { workload } from '../training/workload'
import { type CertificationArm, RELEASED } from './full-size-arms'
import { gpuBusyShare } from './gpu-busy'
import { changed, GIB, type Rates, type RowOptions } from './networks'

export interface CertificationRow {
  readonly name: string
  /** Noisy copies. */
  readonly imagesPerSecond: number
  /** Absent without the plain Python loop. */
  readonly pythonImagesPerSecond?: number
  /** Time in TypeScript over time in the plain Python loop, one after the other. */
  readonly ratioToPython?: number
  readonly teraflops: number
  /** Of the measured rate of bfloat16 matrix products. */
  readonly shareOfMatrixRate: number
  readonly gpuBusy: number | null
  readonly peakGiB: number | null
  /** Until the first row, in seconds, with the start of Python, loading and compiling. */
  readonly firstRowSeconds: number
}

/** Images of a row: compiling and warming up happen in the first. */
const IMAGES = [0, 1, 2, 3, 4, 5]

/** Rounding can change the class of random networks. */
const ROUNDED_SHARE = 0.01

/** Radii, and the largest number of copies, of the adaptive measurement. */
const GRID = { radii: [0.25, 0.5, 0.75, 1, 1.25, 1.5], n0: 100, n: 100_000 }

export type AdaptiveRow = AdaptiveSeconds & { readonly name: string }

/**
 * Times the certification of a few images, then the plain Python loop on the same images with the same networks, then, if asked for,
 * images with a fixed n and adaptively (`adaptive-seconds.ts`).
 */
export async function* certificationRows(
  arm: CertificationArm,
  rates: Rates,
  options: RowOptions & { readonly isAdaptive: boolean },
): AsyncGenerator<['certification', CertificationRow] | ['adaptive', AdaptiveRow]> {
  const run = runOf(arm, options)
  const { autocast, batch } = run.certification
  const begunSeconds = process.uptime()
  await using session = await connect(options)
  torch.manualSeed(session, ...INITIAL_STREAM)
  const { denoiser, classifier } = await loadNetworks(session, run, { randomWeights: 'allowed' })
  if (denoiser === null) throw new TypeError('Networks of full size have a denoiser.')
  const dataset = await torch.openDataset(session, datasetSpec(run.data, 'test'))
  const smoothing = smoothingOf(denoiser, run.smoothing.sigma, { autocast })
  const opened = { smoothing, dataset, classifier, begunSeconds }
  yield ['certification', await certificationRow(arm, rates, { ...options, run, opened })]
  if (!options.isAdaptive) return
  const prepared = await inferenceNetworks(
    session,
    { denoiser, classifiers: [classifier] },
    { ...run.certification, example: () => torch.select(dataset.images([0]).images_BCHW, 'B', 0) },
  )
  const [copy = classifier] = prepared.classifiers
  const measured = await adaptiveSeconds(
    { session, networks: { denoiser, classifier: copy }, dataset },
    {
      ...GRID,
      ...(options.small ? { n: 640, images: 2, fixedImages: 1 } : { images: 20, fixedImages: 1 }),
      ...{ batch, clock: () => performance.now() / 1000 },
    },
  )
  yield ['adaptive', { name: arm.name, ...measured }]
}

interface Opened {
  readonly smoothing: Smoothing
  readonly dataset: torch.Dataset
  readonly classifier: torch.Classifier
  /** When it began to load, since the start of this process. */
  readonly begunSeconds: number
}

async function certificationRow(
  arm: CertificationArm,
  rates: Rates,
  { run, opened, ...options }: RowOptions & { readonly run: CertificationRunConfig; readonly opened: Opened },
): Promise<CertificationRow> {
  const { smoothing, dataset, classifier, begunSeconds } = opened
  const { session } = dataset
  const { n, n0 } = run.certification
  const copies = n0 + n
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-bench-'))
  try {
    const log = join(folder, 'log.tsv')
    const seconds: number[] = []
    const { busy } = await gpuBusyShare(() =>
      certifyDataset(
        { smoothing, dataset, arms: [{ classifier, log, name: options.scale }] },
        {
          certification: run.certification,
          indices: IMAGES,
          onImage: () => seconds.push(process.uptime()),
        },
      ),
    )
    const { devicePeak } = await session.compute(() => torch.memoryNow(session))
    const { rows } = await readCertificationLog(log)
    const own = median(seconds.slice(1).map((second, place) => second - (seconds[place] ?? 0)))
    const theirs = options.plain ? await plainSeconds(rows, { run, opened, options }) : null
    const perSecond = copies / own
    const done = perSecond * (rates.denoiser + rates.classifier)
    return {
      name: arm.name,
      imagesPerSecond: perSecond,
      ...(theirs && { pythonImagesPerSecond: copies / theirs, ratioToPython: own / theirs }),
      teraflops: done / 1e12,
      shareOfMatrixRate: done / rates.rates.bfloat16,
      gpuBusy: busy,
      peakGiB: devicePeak === null ? null : devicePeak / GIB,
      firstRowSeconds: (seconds[0] ?? Number.NaN) - begunSeconds,
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/**
 * Median seconds of an image in the plain Python loop, without the first. It compiles after TypeScript has: by then the compiler's cache says
 * which kernels are fastest, so both sides have the same.
 */
async function plainSeconds(
  rows: Parameters<typeof requireSameVotes>[0],
  {
    run,
    opened: { smoothing, dataset },
    options: { python },
  }: {
    readonly run: CertificationRunConfig
    readonly opened: Opened
    readonly options: RowOptions
  },
): Promise<number> {
  const interpreter = await resolveInterpreter({ python })
  await using loop = await PlainCertification.start(run, {
    ...{ interpreter: interpreter.path, device: dataset.session.info.device, smoothing },
    classes: dataset.description.classes.length,
  })
  const seconds: number[] = []
  for (const [place, index] of IMAGES.entries()) {
    const round = await loop.certify([index])
    requireSameVotes(rows.slice(place, place + 1), round, {
      roundedVotes: ROUNDED_SHARE * run.certification.n,
    })
    seconds.push(round.seconds)
  }
  return median(seconds.slice(1))
}

function runOf(arm: CertificationArm, options: RowOptions): CertificationRunConfig {
  const { denoiser: dtype = 'float32', ...arithmetic } = arm.arithmetic
  const { config } = workload(options.scale, config =>
    changed(config, { ...RELEASED, denoiser: dtype }, options.small),
  )
  const run = certificationOf(config)
  const { n, batch } = options.small ? { n: 64, batch: 32 } : arm
  // One size of pass: a compiled network is compiled once.
  return { ...run, certification: { ...run.certification, ...arithmetic, n0: batch, n, batch } }
}
