import { z } from 'zod'
import { ConfigError } from '../../errors'
import { anything, count, dtype, text } from '../fields'
import type { Source, SourceSchema } from './source'

type DenoiserSchema = SourceSchema<typeof precision>

/** A source of denoisers: its settings and properties. */
export interface DenoiserSource<Schema extends DenoiserSchema = DenoiserSchema> extends Source<Schema> {
  /**
   * Returns the same architecture with random weights, to measure time and memory.
   *
   * @throws ConfigError if only its files tell the architecture
   */
  randomWeights(settings: z.output<Schema>): z.input<Schema>
}

/** Settings of every denoiser. */
const precision = {
  dtype: dtype
    .default('float32')
    .describe('Number type of the weights and the arithmetic of the denoiser. Default float32.'),
}

const diffusersSettings = z
  .strictObject({
    source: z.literal('diffusers').describe('A UNet2DModel of diffusers with its scheduler_config.json.'),
    path: text
      .optional()
      .describe(
        'Folder in diffusers format, or an id on the Hugging Face hub. Without it the weights are random, for training; unet and scheduler give the architecture.',
      ),
    unet: anything.optional().describe('Without a path: arguments of UNet2DModel.'),
    scheduler: anything
      .optional()
      .describe('Without a path: arguments of DDPMScheduler, the noise schedule.'),
    ...precision,
  })
  .superRefine(({ path, unet, scheduler }, context) => {
    for (const [name, value] of Object.entries({ unet, scheduler })) {
      if ((path === undefined) !== (value === undefined)) continue
      const message =
        path === undefined
          ? 'expected a path, or unet and scheduler for random weights, got neither'
          : 'expected nothing beside a path, whose files say it, got arguments'
      context.addIssue({ code: 'custom', path: [path === undefined ? 'path' : name], message })
      return
    }
  })

const diffusers: DenoiserSource<typeof diffusersSettings> = {
  settings: diffusersSettings,
  randomWeights: ({ path, ...architecture }) => {
    if (path === undefined) return architecture
    throw new ConfigError('A denoiser of diffusers has no known architecture without its files.', {
      remedy: 'Use one of the source openai.',
    })
  },
}

const openaiSettings = z
  .strictObject({
    source: z.literal('openai').describe('A checkpoint of guided-diffusion or improved-diffusion.'),
    path: text
      .optional()
      .describe('The .pt file as published. Without it the weights are random, to measure speed.'),
    preset: z
      .enum(['imagenet256', 'cifar10'])
      .optional()
      .describe(
        'Arguments of a published model: imagenet256 for 256x256_diffusion_uncond.pt, cifar10 for cifar10_uncond_50M_500K.pt.',
      ),
    arguments: anything
      .optional()
      .describe(
        'Arguments under the names of the OpenAI scripts, such as num_channels. They override the preset.',
      ),
    sha256: z
      .union([z.literal('any'), z.string().regex(/^[0-9a-f]{64}$/)])
      .optional()
      .describe(
        'Hash that the file must have; any accepts every file. Default: that of the published file, if known.',
      ),
    ...precision,
  })
  .refine(({ preset, arguments: given }) => preset !== undefined || given !== undefined, {
    path: ['preset'],
    error: 'expected a preset, or arguments, got neither',
  })

const openai: DenoiserSource<typeof openaiSettings> = {
  settings: openaiSettings,
  randomWeights: ({ path: _path, sha256: _sha256, ...architecture }) => architecture,
}

const imageDenoiser = {
  path: text
    .optional()
    .describe(
      'Weights: a published checkpoint, or the folder of a run with the method denoiser. Without them the weights are random, for training.',
    ),
  width: count.default(64).describe('Channels between the layers. Default 64.'),
  channels: count.default(3).describe('Channels of the images. Default 3.'),
}

const dncnnSettings = z.strictObject({
  source: z
    .literal('dncnn')
    .describe('DnCNN as in Denoised Smoothing: denoises an image in one pass at any noise level.'),
  depth: z.int().min(2).default(17).describe('Number of convolutions. Default 17.'),
  ...imageDenoiser,
  ...precision,
})

const dncnn: DenoiserSource<typeof dncnnSettings> = {
  settings: dncnnSettings,
  randomWeights: ({ path: _, ...architecture }) => architecture,
}

const memnetSettings = z.strictObject({
  source: z.literal('memnet').describe('MemNet as in Denoised Smoothing: denoises an image in one pass.'),
  blocks: count.default(3).describe('Memory blocks. Default 3.'),
  units: count.default(6).describe('Residual blocks in each memory block. Default 6.'),
  ...imageDenoiser,
  ...precision,
})

const memnet: DenoiserSource<typeof memnetSettings> = {
  settings: memnetSettings,
  randomWeights: ({ path: _, ...architecture }) => architecture,
}

/** Returns whether a denoiser is a diffusion model, which needs the noise level; others denoise an image without it. */
export function isDiffusionModel<Denoiser extends { readonly source: string }>(
  denoiser: Denoiser,
): denoiser is Extract<Denoiser, { readonly source: 'diffusers' | 'openai' }> {
  return (DIFFUSION_MODELS as readonly string[]).includes(denoiser.source)
}

/** Sources of diffusion models, and of networks that denoise in one pass. */
export const DIFFUSION_MODELS = ['diffusers', 'openai'] as const
export const IMAGE_DENOISERS = ['dncnn', 'memnet'] as const

/** Every source of denoisers. Its Python file is `networks/denoiser_sources/<source>.py`. */
export const DENOISERS = [diffusers, openai, dncnn, memnet] as const
