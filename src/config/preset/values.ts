import type { ImageSize } from '../image-size'
import type { FtCadisSettings } from '../methods/ft-cadis'
import type { RunConfig } from '../schema'

/** What a preset may be given. Each takes some of it. */
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
  /** Settings that will be laid over the preset's: what it asks for by name may stand there. */
  readonly above?: Readonly<Record<string, unknown>> | undefined
}

/** Values that σ decides where the paper has settings for it. */
export type OpenValue = 'baseLearningRate' | 'lambda' | 'epsilon' | 'weightDecay' | 'layerDecay'

/** A preset by its name, with what a program has to know of it. */
export interface NamedPreset {
  readonly name: string
  readonly summary: string
  /** The noise level where none is given. */
  readonly sigma: number
  /** What has no default. */
  readonly needs: readonly 'data'[]
  /** The values that a σ without published settings needs. */
  readonly takes: readonly OpenValue[]
  /** Radii of the table of certified accuracy, for pixels in [0, 1]. */
  readonly radii: readonly number[]
  /** Sizes and numbers of the real images, for generated ones. */
  readonly images: {
    readonly imageSize: ImageSize
    /** Default 3. */
    readonly channels?: 1
    readonly classes: number
    readonly trainImages: number
    readonly testImages: number
  }
  /** @throws ConfigError that lists the values which a σ without published settings lacks */
  config(values: PresetValues): RunConfig
}
