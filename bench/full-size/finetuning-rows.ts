import { median } from '../statistics'
import {
  openSides,
  type Round,
  requireAgreement,
  takeRound,
  toleranceOf,
  updateOf,
} from '../training/measure'
import { type FtCadisRun, workload } from '../training/workload'
import { type FinetuningArm, nameOfMode } from './full-size-arms'
import { gpuBusyShare } from './gpu-busy'
import { changed, GIB, type Rates, type RowOptions } from './networks'

export interface FinetuningRow {
  readonly name: string
  /** Images of an update, not noisy copies. */
  readonly imagesPerSecond: number
  readonly pythonImagesPerSecond: number
  /** Time in TypeScript over time in the plain Python loop, paired by update. */
  readonly ratioToPython: number
  readonly teraflops: number
  /** Of the measured rate of bfloat16 matrix products. */
  readonly shareOfMatrixRate: number
  readonly gpuBusy: number | null
  readonly peakGiB: number | null
  readonly pythonPeakGiB: number | null
  /** Median milliseconds of an update outside Python. */
  readonly hostMs: number
  readonly pairs: number
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

/** Updates of each side before any is timed: the networks compile in the first. */
const WARM_UP = 2

/** Times updates of one arm, on both sides in turn; a row for each of its modes, when it is done. */
export async function* finetuningRows(
  arm: FinetuningArm,
  rates: Rates,
  options: RowOptions,
): AsyncGenerator<FinetuningRow> {
  const { imagesPerUpdate, imagesPerMicroBatch } = options.small
    ? { imagesPerUpdate: 16, imagesPerMicroBatch: 8 }
    : arm
  const work = workload(options.scale, config => ({
    ...changed(config, arm.arithmetic, options.small),
    optimisation: { ...config.optimisation, imagesPerUpdate, imagesPerMicroBatch },
  }))
  await using sides = await openSides({ ...options, workload: work })
  const { typescript, loop } = sides
  let number = 0
  for (const mode of arm.modes) {
    const warm: Round[] = []
    for (let update = 0; update < WARM_UP; update += 1) {
      const planned = updateOf(number, sides, mode)
      number += 1
      // In this order: the compiler's cache then tells the loop which kernels are fastest, so both sides have the same.
      const own = await typescript.update(planned)
      warm.push({ mode, typescript: own, python: await loop.update(planned) })
    }
    requireAgreement(warm, toleranceOf(work, [mode]))
    const { result: timed, busy } = await gpuBusyShare(async () => {
      const rounds: Round[] = []
      for (let round = 0; round < options.updates; round += 1) {
        const planned = updateOf(number, sides, mode)
        number += 1
        rounds.push({ mode, ...(await takeRound(planned, sides, { loopFirst: round % 2 === 1 })) })
      }
      return rounds
    })
    const perSecond = (ms: readonly number[]) => (1000 * imagesPerUpdate) / median(ms)
    const imagesPerSecond = perSecond(timed.map(({ typescript }) => typescript.totalMs))
    const done = imagesPerSecond * operationsPerImage(rates, work.config, mode.maskShare)
    const last = timed.at(-1)
    const inGib = (bytes: number | null | undefined) => (typeof bytes === 'number' ? bytes / GIB : null)
    yield {
      name: `${arm.name}; ${nameOfMode(mode)}`,
      imagesPerSecond,
      pythonImagesPerSecond: perSecond(timed.map(({ python }) => python.totalMs)),
      ratioToPython: median(timed.map(({ typescript, python }) => typescript.totalMs / python.totalMs)),
      teraflops: done / 1e12,
      shareOfMatrixRate: done / rates.rates.bfloat16,
      gpuBusy: busy,
      peakGiB: inGib(last?.typescript.devicePeak),
      pythonPeakGiB: inGib(last?.python.devicePeak),
      hostMs: median(timed.map(({ typescript }) => typescript.totalMs - typescript.phases.pythonMs)),
      pairs: timed.length,
    }
  }
}
