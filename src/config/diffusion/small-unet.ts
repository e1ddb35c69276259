import { ConfigError } from '../../errors'
import { type ImageSize, imageSizeOf, sidesOf, sizeText } from '../sources/image-size'

/** Channels of each level relative to the first. */
const FACTORS = [1, 2, 4, 4] as const
/** Levels whose images have at most this many pixels per side have attention. */
const ATTENTION_SIDE = 8

/** The options that decide the shape of a small UNet. */
export interface SmallUnetOptions {
  /** Size of the images in pixels. Each side is a multiple of 8, or of 4 if one is below 32. */
  readonly imageSize: ImageSize
  /** Channels of the images. Default 3. */
  readonly channels?: number
  /** Channels of the first level, a multiple of 8; the others have 2, 4 and 4 times as many. Default 16. */
  readonly width?: number
}

/**
 * Returns arguments of diffusers' UNet2DModel for a small pixel denoiser in the style of OpenAI's: four levels, or three
 * below 32 pixels, and attention at 8 pixels per side or fewer. At width 16 and 64 pixels it has 1.1 million parameters.
 *
 * @throws ConfigError if the images cannot be halved once per level
 */
export function smallUnet({ imageSize, channels = 3, width = 16 }: SmallUnetOptions) {
  const sides = sidesOf(imageSize)
  const factors = Math.min(...sides) >= 32 ? FACTORS : FACTORS.slice(0, 3)
  const divisor = 2 ** (factors.length - 1)
  if (sides.some(side => side % divisor !== 0)) {
    const [height, width] = sides.map(side => Math.ceil(side / divisor) * divisor) as [number, number]
    throw new ConfigError(
      `The denoiser halves images ${factors.length - 1} times, got ${sizeText(imageSize)} pixels.`,
      {
        remedy: `Give an image size that is a multiple of ${divisor}, such as ${sizeText(imageSizeOf([height, width]))}.`,
      },
    )
  }
  const attends = factors.map((_, level) => Math.max(...sides) / 2 ** level <= ATTENTION_SIDE)
  return {
    sample_size: imageSize,
    in_channels: channels,
    out_channels: channels,
    center_input_sample: false,
    time_embedding_type: 'positional',
    freq_shift: 0,
    flip_sin_to_cos: true,
    layers_per_block: 1,
    block_out_channels: factors.map(factor => factor * width),
    down_block_types: attends.map(attention => (attention ? 'AttnDownBlock2D' : 'DownBlock2D')),
    up_block_types: attends.map(attention => (attention ? 'AttnUpBlock2D' : 'UpBlock2D')).toReversed(),
    downsample_type: 'conv',
    upsample_type: 'conv',
    norm_num_groups: 8,
    attn_norm_num_groups: 8,
    norm_eps: 1e-5,
    attention_head_dim: Math.min(16, width),
    resnet_time_scale_shift: 'scale_shift',
  }
}

/**
 * The first 400 of the 1,000 linear timesteps of DDPM, as arguments of DDPMScheduler: they reach σ = 1.01 for pixels in
 * [0, 1]. One-shot denoising needs no larger ones, and a small network learns these better alone.
 */
export const SHORT_SCHEDULE = {
  num_train_timesteps: 400,
  beta_schedule: 'linear',
  beta_start: 1e-4,
  beta_end: 1e-4 + (399 / 999) * (0.02 - 1e-4),
  prediction_type: 'epsilon',
} as const
