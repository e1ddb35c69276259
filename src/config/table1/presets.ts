import { given } from '../../files/given'
import type { RunConfig } from '../schema'
import type { RunConfigInput } from '../types/run'
import { TABLE1_PRESETS, type Table1Scale, table1Preset } from '.'

/** Some of the settings of a run. */
export type SomeSettings = {
  readonly [K in keyof RunConfigInput]?: RunConfigInput[K] extends object | undefined
    ? Partial<RunConfigInput[K]>
    : RunConfigInput[K]
}

/** What a method of Table 1 is given. */
export interface Table1PresetOptions {
  /** Data, network and settings that belong to them. */
  readonly scale: Table1Scale
  /** Noise level on the [0, 1] scale. */
  readonly sigma: number
  /** Folder of the data. */
  readonly data: string
  /** Weights of the classifier. Default: random ones. */
  readonly classifier?: string
  /** Folder of the run. */
  readonly output: string
  /** Settings in place of the preset's. What was not released has to stand here. */
  readonly settings?: SomeSettings
}

/** A preset of Table 1: the settings of a run at a scale and a noise level. */
export type Table1PresetFunction = (options: Table1PresetOptions) => RunConfig

/**
 * The methods of Table 1 that train from scratch, each with the settings of its released code.
 *
 * @throws ConfigError for a scale that the method has no published settings for, and for settings that were not released
 */
export interface Table1Presets {
  /** Noisy images (Cohen et al., 2019). */
  readonly gaussian: Table1PresetFunction
  /** The same as later papers train it. */
  readonly gaussianRerun: Table1PresetFunction
  /** Stability training (Li et al., 2019). */
  readonly stability: Table1PresetFunction
  /** Adversarial training of the smoothed classifier (Salman et al., 2019). */
  readonly smoothAdv: Table1PresetFunction
  /** Maximising the certified radius (Zhai et al., 2020). */
  readonly macer: Table1PresetFunction
  /** The same as later papers train it. */
  readonly macerRerun: Table1PresetFunction
  /** Consistency regularization (Jeong and Shin, 2020). */
  readonly consistency: Table1PresetFunction
  /** The same on adversarial images. */
  readonly consistencySmoothAdv: Table1PresetFunction
  /** Mixtures with adversarial images (Jeong et al., 2021). */
  readonly smoothMix: Table1PresetFunction
  /** The same from the adversarial image of one step. */
  readonly smoothMixOneStep: Table1PresetFunction
  /** Training by confidence (Jeong et al., 2023). */
  readonly catRs: Table1PresetFunction
  /** Noise that grows, after the first layer, for the certificate of PixelDP (Lecuyer et al., 2019). */
  readonly pixelDp: Table1PresetFunction
  /** DRT (Yang et al., 2022): members that are trained together. Three members is from memory; what weighs the terms was not established. */
  readonly drt: Table1PresetFunction
  /** The selector of ACES (Horváth et al., 2022). That its loss is cross-entropy is from memory. */
  readonly acesSelector: Table1PresetFunction
  /** A denoiser by squared error (Salman et al., 2020). */
  readonly denoised: Table1PresetFunction
  /** The same by what a classifier says of the clean image. That it begins with a denoiser by squared error is from memory. */
  readonly denoisedStability: Table1PresetFunction
  /** One denoiser for several noise levels (Lee, 2021), of which no code was public. */
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
