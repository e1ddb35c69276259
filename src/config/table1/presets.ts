import { given } from '../../files/given'
import type { RunConfig } from '../schema'
import type { RunConfigInput } from '../types/run'
import { TABLE1_PRESETS, type Table1Scale, table1Preset } from '.'

/** Partial settings of a run. */
export type SomeSettings = {
  readonly [K in keyof RunConfigInput]?: RunConfigInput[K] extends object | undefined
    ? Partial<RunConfigInput[K]>
    : RunConfigInput[K]
}

/** Options of a Table 1 preset. */
export interface Table1PresetOptions {
  /** Data, network and their settings. */
  readonly scale: Table1Scale
  /** Noise level, for pixels in [0, 1]. */
  readonly sigma: number
  /** Folder of the data. */
  readonly data: string
  /** Weights of the classifier. Default: random ones. */
  readonly classifier?: string
  /** Folder of the run. */
  readonly output: string
  /** Settings that override the preset's. Required for values that were not released. */
  readonly settings?: SomeSettings
}

/** A preset of Table 1: the settings of a run at a scale and a noise level. */
export type Table1PresetFunction = (options: Table1PresetOptions) => RunConfig

/**
 * The methods of Table 1 that train from scratch, each with the settings of its released code.
 *
 * @throws ConfigError for a scale without published settings for the method, and for settings that were not released
 */
export interface Table1Presets {
  /** Noisy images (Cohen et al., 2019). */
  readonly gaussian: Table1PresetFunction
  /** The same, as trained by later papers. */
  readonly gaussianRerun: Table1PresetFunction
  /** Stability training (Li et al., 2019). */
  readonly stability: Table1PresetFunction
  /** Adversarial training of the smoothed classifier (Salman et al., 2019). */
  readonly smoothAdv: Table1PresetFunction
  /** Maximising the certified radius (Zhai et al., 2020). */
  readonly macer: Table1PresetFunction
  /** The same, as trained by later papers. */
  readonly macerRerun: Table1PresetFunction
  /** Consistency regularization (Jeong and Shin, 2020). */
  readonly consistency: Table1PresetFunction
  /** The same on adversarial images. */
  readonly consistencySmoothAdv: Table1PresetFunction
  /** Mixtures with adversarial images (Jeong et al., 2021). */
  readonly smoothMix: Table1PresetFunction
  /** The same with the one-step adversarial image. */
  readonly smoothMixOneStep: Table1PresetFunction
  /** Confidence-aware training (Jeong et al., 2023). */
  readonly catRs: Table1PresetFunction
  /** Growing noise after the first layer, for the certificate of PixelDP (Lecuyer et al., 2019). */
  readonly pixelDp: Table1PresetFunction
  /**
   * DRT (Yang et al., 2022): members trained together. The number three is from memory; the weights of the terms were not
   * established.
   */
  readonly drt: Table1PresetFunction
  /** The selector of ACES (Horváth et al., 2022). Its cross-entropy loss is from memory. */
  readonly acesSelector: Table1PresetFunction
  /** A denoiser with squared error (Salman et al., 2020). */
  readonly denoised: Table1PresetFunction
  /**
   * The same with the prediction of a classifier for the clean image. Its initial denoiser, trained with squared error,
   * is from memory.
   */
  readonly denoisedStability: Table1PresetFunction
  /** One denoiser for several noise levels (Lee, 2021); no code was public. */
  readonly score: Table1PresetFunction
}

export const table1: Table1Presets = {
  gaussian: preset('gaussian'),
  gaussianRerun: preset('gaussian-rerun'),
  stability: preset('stability'),
  smoothAdv: preset('smooth-adv'),
  macer: preset('macer'),
  macerRerun: preset('macer-rerun'),
  consistency: preset('consistency'),
  consistencySmoothAdv: preset('consistency-smooth-adv'),
  smoothMix: preset('smooth-mix'),
  smoothMixOneStep: preset('smooth-mix-one-step'),
  catRs: preset('cat-rs'),
  pixelDp: preset('pixel-dp'),
  drt: preset('drt'),
  acesSelector: preset('aces-selector'),
  denoised: preset('denoised'),
  denoisedStability: preset('denoised-stability'),
  score: preset('score'),
}

function preset(method: string): Table1PresetFunction {
  const name = `table1.${method}`
  return ({ scale, settings, ...values }) => {
    const found = TABLE1_PRESETS.find(each => each.name === name)
    if (found === undefined) throw new RangeError(`Unknown preset ${name}.`)
    return table1Preset(found, scale).config({ ...values, ...given({ above: settings }) })
  }
}
