import { join } from 'node:path'
import { execa } from 'execa'
import { torch } from '../../src'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { type FtCadisRun, type ScaleName, workload } from '../training/workload'
import type { Arithmetic, FullScale } from './full-size-arms'

/** How one arm of `full-size.ts` is measured. */
export interface RowOptions {
  readonly scale: FullScale
  readonly device: string
  readonly threads: number
  /** Small networks in place of those of the paper. */
  readonly small: boolean
  readonly updates: number
  /** Whether certification is also timed in the plain Python loop. */
  readonly plain: boolean
  readonly python?: string
}

/** Operations of a forward pass for one image, and operations in a second by number type. */
export interface Rates {
  readonly denoiser: number
  readonly classifier: number
  readonly rates: { readonly bfloat16: number; readonly float32: number; readonly tf32: number }
}

export const GIB = 2 ** 30

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

/** The run of an arm, with random weights and images. */
export function changed(
  config: FtCadisRun,
  { denoiser, ...arithmetic }: Arithmetic,
  small: boolean,
): FtCadisRun {
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
