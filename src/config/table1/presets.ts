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
  /** Settings in the place of the preset's. What was not released has to stand here. */
  readonly settings?: SomeSettings
}

/**
 * The methods of Table 1 that train from scratch on noisy images, each with the settings of its released code.
 *
 * @throws ConfigError for a scale that the method has no published settings for, and for settings that were not released
 */
export const table1 = {
  /** Noisy images (Cohen et al., 2019). */
  gaussian: preset('gaussian'),
  /** The same as later papers train it. */
  gaussianRerun: preset('gaussian-rerun'),
  /** Stability training (Li et al., 2019). */
  stability: preset('stability'),
  /** Adversarial training of the smoothed classifier (Salman et al., 2019). */
  smoothAdv: preset('smooth-adv'),
  /** Maximising the certified radius (Zhai et al., 2020). */
  macer: preset('macer'),
  /** The same as later papers train it. */
  macerRerun: preset('macer-rerun'),
  /** Consistency regularization (Jeong and Shin, 2020). */
  consistency: preset('consistency'),
  /** The same on adversarial images. */
  consistencySmoothAdv: preset('consistency-smooth-adv'),
  /** Mixtures with adversarial images (Jeong et al., 2021). */
  smoothMix: preset('smooth-mix'),
  /** The same from the adversarial image of one step. */
  smoothMixOneStep: preset('smooth-mix-one-step'),
  /** Training by confidence (Jeong et al., 2023). */
  catRs: preset('cat-rs'),
} as const

function preset(method: string): (options: Table1PresetOptions) => RunConfig {
  const name = `table1.${method}`
  return ({ scale, settings, ...values }) => {
    const found = TABLE1_PRESETS.find(each => each.name === name)
    if (found === undefined) throw new RangeError(`There is no preset ${name}.`)
    return table1Preset(found, scale).config({ ...values, ...given({ above: settings }) })
  }
}
