import { type DenoiserConfig, presets, type RunConfigOf, syntheticRun, type torch } from '../../src'
import {
  ftCadis,
  optimiserSchedule,
  type ParameterGroup,
  requireMethod,
  type UpdatePlan,
} from '../../src/internal'
import { classifierSpec, datasetSpec, denoiserSpec } from '../../src/smoothing/specs'

/** What is timed: the updates of a fine-tuning, numbered from 0. */

export const SCALES = ['digits', 'cifar10', 'imagenet'] as const
export type ScaleName = (typeof SCALES)[number]

/** What the plain Python loop does: the same work, or it attacks all images, as the released code does. */
export type LoopWork = 'same' | 'everything'

/** Which images an update attacks. */
export interface Mode {
  /** The share of the images that is attacked, whatever their mask; `null` where the mask decides. */
  readonly maskShare: number | null
  readonly loop: LoopWork
}

/** As `finetune` does it, on both sides. */
export const AS_IT_IS: Mode = { maskShare: null, loop: 'same' }

/** The configurations that both sides know how to train by. */
export type FtCadisRun = RunConfigOf<'ft-cadis'>

export interface Workload {
  readonly scale: ScaleName
  readonly config: FtCadisRun
  /** The denoiser of the configuration, which the plain loop has to have. */
  readonly denoiser: Exclude<DenoiserConfig, { source: 'none' }>
  /** What Python is asked to load. */
  readonly specs: { readonly denoiser: object; readonly classifier: object; readonly data: object }
  readonly loader: torch.LoaderOptions
}

/** FT-CADIS with the settings of a preset: on digits as it is, else with random weights and images of the full size. */
export function workload(
  scale: ScaleName,
  /** What differs from the preset. */
  change: (config: FtCadisRun) => FtCadisRun = config => config,
): Workload {
  const config = change(configOf(scale))
  const { smoothing, classifier, tuning, data, optimisation, seed } = config
  const { denoiser } = smoothing
  if (denoiser.source === 'none') throw new TypeError('The plain Python loop denoises, expected a denoiser.')
  return {
    ...{ scale, config, denoiser },
    specs: {
      denoiser: denoiserSpec(denoiser),
      classifier: classifierSpec(classifier, tuning),
      data: datasetSpec(data, 'train'),
    },
    loader: {
      batchSize: optimisation.imagesPerMicroBatch ?? optimisation.imagesPerUpdate,
      seed,
      shuffle: true,
      dropLast: true,
      workers: 0,
    },
  }
}

function configOf(scale: ScaleName): FtCadisRun {
  const files = { data: 'synthetic', denoiser: 'synthetic', output: 'unused' }
  switch (scale) {
    case 'digits':
      return presets.digits({ output: 'unused' })
    case 'cifar10':
      return synthetic(presets.cifar10({ ...files, sigma: 0.5 }), {
        ...{ imageSize: 32, classes: 10, trainImages: 50_000, testImages: 10_000 },
      })
    case 'imagenet':
      return synthetic(presets.imagenet({ ...files, sigma: 0.5, tuning: 'lora' }), {
        ...{ imageSize: 224, classes: 1000, trainImages: 1_281_167, testImages: 50_000 },
      })
  }
}

function synthetic(...given: Parameters<typeof syntheticRun>): FtCadisRun {
  return requireMethod(syntheticRun(...given), 'ft-cadis')
}

/** Factor of float16 gradients: too small ones would vanish. Held fixed, so that both sides have the same. */
const LOSS_SCALE = 1024

export function lossScaleOf({ autocast }: FtCadisRun): number {
  return autocast === 'float16' ? LOSS_SCALE : 1
}

/** How many of a micro-batch's images are attacked where a share says so. */
export function attackedCount({ maskShare }: Mode, { loader }: Workload): number | null {
  return maskShare === null ? null : Math.round(maskShare * loader.batchSize)
}

/** Figures of an update; the same on both sides. Means over its images. */
export interface Figures {
  readonly loss: number
  readonly selectiveCrossEntropy: number
  readonly adversarial: number
  readonly gradientNorm: number
  /** How many images count in the adversarial loss. */
  readonly attacked: number
}

/** One update, and whether an epoch begins with it. */
export interface PlannedUpdate {
  /** The epoch that begins, from 0; `null` within an epoch. */
  readonly startsEpoch: number | null
  readonly plan: UpdatePlan & { readonly settings: FtCadisRun['method'] }
  readonly mode: Mode
}

/** The update of a number, as `finetune` plans it. Beyond the last epoch the schedules stay where they ended. */
export function plannedUpdate(
  number: number,
  { config, loader }: Workload,
  {
    groups,
    updatesPerEpoch,
    mode,
  }: { groups: readonly ParameterGroup[]; updatesPerEpoch: number; mode: Mode },
): PlannedUpdate {
  const { method, optimisation, seed } = config
  const { imagesPerUpdate, clip } = optimisation
  const epoch = Math.floor(number / updatesPerEpoch)
  const update = number % updatesPerEpoch
  const place = {
    epochsDone: epoch + update / updatesPerEpoch,
    ...{ epoch: epoch + 1, update: update + 1, updatesPerEpoch, epochs: optimisation.epochs },
    ...{ step: number + 1, steps: optimisation.epochs * updatesPerEpoch },
  }
  const { learningRate, weightDecay } = optimiserSchedule(place.epochsDone, config)
  return {
    mode,
    startsEpoch: update === 0 ? epoch : null,
    plan: {
      place,
      settings: ftCadis.at?.(place, method) ?? method,
      microBatches: imagesPerUpdate / loader.batchSize,
      imagesPerUpdate,
      learningRates: groups.map(group => learningRate * group.learningRateScale),
      weightDecays: groups.map(group => (group.decays ? weightDecay : 0)),
      clip: clip === 'none' ? null : clip,
      lossScale: lossScaleOf(config),
      stream: [seed, 'train', epoch + 1, update + 1],
    },
  }
}
