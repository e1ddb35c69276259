import type { FtCadisSettings } from '../methods/ft-cadis'
import type { RunConfig } from '../schema'
import type { ImageSize } from '../sources/image-size'

/** The values that a preset accepts. Each uses some of them. */
export interface PresetValues {
  /** Noise level, for pixels in [0, 1]. */
  readonly sigma: number
  /** Folder of the data. */
  readonly data?: string | undefined
  /** Size of the images in pixels. Default: the preset's. */
  readonly imageSize?: ImageSize | undefined
  /** Weights of the denoiser. Default: the preset's. */
  readonly denoiser?: string | undefined
  /** Weights of the classifier. Default: the preset's. */
  readonly classifier?: string | undefined
  readonly baseLearningRate?: number | undefined
  readonly lambda?: number | undefined
  readonly epsilon?: FtCadisSettings['attack']['epsilon'] | undefined
  readonly weightDecay?: { readonly start: number; readonly end: number } | undefined
  readonly layerDecay?: number | undefined
  /** Folder of the run. */
  readonly output: string
  /** Settings that override the preset's. Values that a preset asks for by name may be here. */
  readonly above?: Readonly<Record<string, unknown>> | undefined
}

/** Values that depend on σ and have paper settings for some σ. */
export type OpenValue = 'baseLearningRate' | 'lambda' | 'epsilon' | 'weightDecay' | 'layerDecay'

/** A preset with its name and the properties that a program needs. */
export interface NamedPreset {
  readonly name: string
  readonly summary: string
  /** Default noise level. */
  readonly sigma: number
  /** Values without a default. */
  readonly needs: readonly 'data'[]
  /** The values that a σ without published settings needs. */
  readonly takes: readonly OpenValue[]
  /** Radii of the table of certified accuracy, for pixels in [0, 1]. */
  readonly radii: readonly number[]
  /** Size and number of the real images, for generated ones. */
  readonly images: {
    readonly imageSize: ImageSize
    /** Default 3. */
    readonly channels?: 1
    readonly classes: number
    readonly trainImages: number
    readonly testImages: number
  }
  /**
   * Returns the configuration of a run.
   *
   * @throws ConfigError listing the missing values if σ has no published settings
   */
  config(values: PresetValues): RunConfig
}
