import { type Command, InvalidArgumentError, Option } from 'commander'
import type { DenoiserConfig, RunConfig, RunConfigOf } from '../../src'
import { parseImages } from '../../src/cli/certification-options'
import { parseNumber } from '../../src/cli/option-values'
import { addRunOptions, type RunOptions } from '../../src/cli/run-options'
import { given } from '../../src/files/given'
import { isObject } from '../../src/files/read-json'

/** The flags that both programs have, and what they change in a configuration. */

type Images = RunConfig['certification']['images']

export interface CommonOptions extends RunOptions {
  readonly sigma: number
  readonly data?: string
  readonly denoiser?: string
  readonly denoiserArguments?: Record<string, unknown>
  readonly denoiserSha256?: string
  readonly classifier?: string
  readonly output: string
  readonly device: string
  readonly dtype: Exclude<DenoiserConfig, { source: 'none' }>['dtype']
  readonly autocast?: RunConfig['autocast']
  readonly tf32: boolean
  readonly compileDenoiser: boolean
  readonly activationCheckpointing: boolean
  readonly threads?: number
  readonly workers?: number
  readonly seed: number
  readonly baseLearningRate?: number
  readonly lambda?: number
  readonly imagesPerUpdate?: number
  readonly imagesPerMicroBatch?: number
  readonly steps?: number
  readonly mask?: 'masked' | 'all'
  readonly evaluateImages?: number
  readonly certify: boolean
  readonly certifyImages?: Images
  readonly n0?: number
  readonly n?: number
  readonly dryRun: boolean
  readonly synthetic: boolean
  readonly python?: string
}

const count = parseNumber({ min: 1, integer: true })

/** Adds the flags that both programs have. */
export function addCommonOptions(program: Command, { output }: { output: string }): Command {
  const described = program
    .option('--sigma <number>', 'noise level, for pixels in [0, 1]', parseNumber({ min: 0.01 }), 0.5)
    .option('--data <folder>', 'folder of the data')
    .option('--denoiser <file>', 'weights of the denoiser, as published')
    .option(
      '--denoiser-arguments <json>',
      'arguments of a denoiser that is not the published one, in OpenAI’s names',
      parseObject,
    )
    .option('--denoiser-sha256 <hash>', 'hash that the denoiser’s file must have, or any')
    .option('--classifier <path>', 'weights of the classifier (default: those of the hub)')
    .option('--output <folder>', 'where configuration, metrics, checkpoints and certificates go', output)
    .option('--device <name>', 'auto, cpu, cuda or cuda:N', 'auto')
    .addOption(
      new Option(
        '--dtype <name>',
        'number type of the denoiser; the classifier has --autocast, losses are in float32',
      )
        .choices(['float32', 'float16', 'bfloat16'])
        .default('float32'),
    )
    .addOption(
      new Option(
        '--autocast <name>',
        'number type that the classifier computes in where that is safe (default: as in the released code)',
      ).choices(['none', 'float16', 'bfloat16']),
    )
    .option('--tf32', 'let CUDA round the factors of float32 products to TF32', false)
    .option('--compile-denoiser', 'let torch.compile compile the denoiser', false)
    .option('--activation-checkpointing', 'compute activations again instead of keeping them', false)
    .option('--threads <count>', 'threads of torch on the CPU', count)
    .option('--workers <count>', 'processes that read images', parseNumber({ min: 0, integer: true }))
    .option(
      '--seed <number>',
      'seed of order, augmentation and noise',
      parseNumber({ min: 0, integer: true }),
      0,
    )
    .option('--base-learning-rate <number>', 'learning rate at 256 images an update', parseNumber({ min: 0 }))
    .option('--lambda <number>', 'weight of the adversarial loss', parseNumber({ min: 0 }))
    .option('--images-per-update <count>', 'images in one update (default: 128)', count)
    .option('--images-per-micro-batch <count>', 'images at once; lower it to save memory (default: 8)', count)
    .option('--steps <count>', 'stop after so many updates', count)
    .addOption(
      new Option(
        '--mask <which>',
        'images that are attacked: masked as in Eq. 9, or all (Table 5, row 3)',
      ).choices(['masked', 'all']),
    )
    .option(
      '--evaluate-images <count>',
      'test images in the evaluation after each epoch (default: all)',
      count,
    )
    .option('--no-certify', 'end after training')
    .option(
      '--certify-images <choice>',
      'all, first:N, every:N, random:N, one-per-class, or positions such as 3,17,20-40 (default: as in the paper)',
      parseImages,
    )
    .option('--n0 <count>', 'noisy copies that choose the class (default: as in the paper)', count)
    .option('--n <count>', 'noisy copies that certify it (default: as in the paper)', count)
    .option('--dry-run', 'check all that can be checked, print a plan, train nothing', false)
    .option(
      '--synthetic',
      'random weights and images, --steps updates (default: 2), to measure time and memory',
      false,
    )
    .option('--python <path>', 'Python interpreter to use')
  return addRunOptions(described)
}

/** The preset's configuration with what the flags say otherwise. */
export function withOptions(
  config: RunConfigOf<'ft-cadis'>,
  options: CommonOptions,
): RunConfigOf<'ft-cadis'> {
  const { imagesPerUpdate, imagesPerMicroBatch, certifyImages, n0, n, mask, threads, workers } = options
  const batch = {
    imagesPerUpdate: imagesPerUpdate ?? config.optimisation.imagesPerUpdate,
    imagesPerMicroBatch:
      imagesPerMicroBatch ??
      Math.min(config.optimisation.imagesPerMicroBatch ?? 8, imagesPerUpdate ?? Number.POSITIVE_INFINITY),
  }
  const denoiser = {
    ...config.smoothing.denoiser,
    dtype: options.dtype,
    ...given({ arguments: options.denoiserArguments, sha256: options.denoiserSha256 }),
  } as DenoiserConfig
  return {
    ...config,
    smoothing: { ...config.smoothing, denoiser },
    data: { ...config.data, ...('workers' in config.data ? given({ workers }) : {}) },
    method: { ...config.method, ...given({ adversarial: mask }) },
    optimisation: { ...config.optimisation, ...batch },
    certification: { ...config.certification, ...given({ images: certifyImages, n0, n }) },
    device: options.device,
    seed: options.seed,
    tf32: options.tf32,
    compileDenoiser: options.compileDenoiser,
    activationCheckpointing: options.activationCheckpointing,
    ...given({ threads, autocast: options.autocast }),
  }
}

/** Data and denoiser, without which only a synthetic run can do. */
export function requireInputs(
  program: Command,
  { data, denoiser, synthetic }: CommonOptions,
): { readonly data: string; readonly denoiser: string } {
  const missing = Object.entries({ data, denoiser }).flatMap(([name, value]) =>
    value === undefined ? [`--${name}`] : [],
  )
  if (missing.length > 0 && !synthetic) {
    program.error(`error: missing ${missing.join(' and ')}; give them, or --synthetic`)
  }
  return { data: data ?? 'synthetic', denoiser: denoiser ?? 'synthetic' }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // Answered below, like everything else that is not an object.
  }
  throw new InvalidArgumentError('Expected a JSON object, such as {"num_channels": 32}.')
}
