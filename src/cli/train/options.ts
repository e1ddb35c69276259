import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Precision } from '../../config/precision'
import { PRESET_SUMMARIES, type PresetSummary } from '../../config/preset/summaries'
import type { OpenValue } from '../../config/preset/values'
import type { DenoiserConfig, RunConfig } from '../../config/schema'
import type { ImageSize } from '../../config/sources/image-size'
import type { Table1Scale } from '../../config/table1'
import { isObject } from '../../files/read-json'
import { parseImages } from '../certification-options'
import { parseImageSize, parseNumber } from '../option-values'
import { precisionOption } from '../precision'
import { addRunOptions, type RunOptions } from '../run-options'

/** One `--set`: the path of a field, and its value. */
export interface FieldSetting {
  readonly path: string
  readonly value: unknown
}

/** The options of a training. Only given options have a value, so that they override preset and settings. */
export interface TrainOptions extends RunOptions {
  readonly preset?: string
  readonly scale?: Table1Scale
  readonly config?: string
  readonly set?: readonly FieldSetting[]
  readonly sigma?: number
  readonly noiseAfter?: 'first-layer'
  readonly tuning?: 'lora' | 'full'
  readonly data?: string
  readonly imageSize?: ImageSize
  readonly denoiser?: string
  readonly denoiserArguments?: Readonly<Record<string, unknown>>
  readonly denoiserSha256?: string
  readonly classifier?: string
  readonly output?: string
  readonly device?: string
  readonly precision?: Precision
  readonly dtype?: Exclude<DenoiserConfig, { source: 'none' }>['dtype']
  readonly autocast?: RunConfig['autocast']
  readonly tf32?: boolean
  readonly compile?: RunConfig['compile']
  readonly activationCheckpointing?: boolean
  readonly threads?: number
  readonly workers?: number
  readonly seed?: number
  /** Number of runs of an ensemble, one after another. */
  readonly members?: number
  readonly baseLearningRate?: number
  readonly lambda?: number
  readonly epsilon?: number
  readonly weightDecay?: { readonly start: number; readonly end: number }
  readonly layerDecay?: number
  readonly mask?: 'masked' | 'all'
  readonly imagesPerUpdate?: number
  readonly imagesPerMicroBatch?: number
  readonly steps?: number
  readonly evaluateImages?: number
  readonly certify?: boolean
  readonly certifyImages?: RunConfig['certification']['images']
  readonly n0?: number
  readonly n?: number
  readonly dryRun: boolean
  readonly synthetic: boolean
  readonly python?: string
}

const count = parseNumber({ min: 1, integer: true })
const wholeNumber = parseNumber({ min: 0, integer: true })

/** Returns the option that sets fields, each to one value. */
function setOption(): Option {
  return new Option(
    '--set <path=value>',
    'set a field of the configuration, such as method.lambda=2; repeatable',
  ).argParser(collectSetting)
}

/** Adds the options of every training. `set` is the option that sets fields. */
export function addTrainOptions(program: Command, set: Option = setOption()): Command {
  const described = program
    .optionsGroup('Settings:')
    .option('--sigma <number>', 'noise level, for pixels in [0, 1]', parseNumber({ min: 1e-6 }))
    .addOption(set)
    .addOption(
      new Option(
        '--noise-after <layer>',
        'first-layer: add the noise after the first convolution of the classifier, not to the image (method pixel-dp)',
      ).choices(['first-layer']),
    )
    .option('--data <folder>', 'folder of the data')
    .option(
      '--image-size <pixels>',
      'size to which images of a folder are resized and cropped: a side, or height and width as 48x64',
      parseImageSize,
    )
    .option(
      '--denoiser <path>',
      'weights of the denoiser, or a run that trained one; default: the preset’s, from fetch; none: train on noisy images (docs/denoiser-for-your-images.md)',
    )
    .option(
      '--denoiser-arguments <json>',
      'arguments of a denoiser other than the published one, under OpenAI’s names',
      parseObject,
    )
    .option('--denoiser-sha256 <hash>', 'required hash of the denoiser’s file, or any')
    .option('--classifier <path>', 'weights of the classifier')
    .addOption(
      new Option('--tuning <kind>', 'lora: adapters and the head; full: every weight').choices([
        'lora',
        'full',
      ]),
    )
    .option('--seed <number>', 'seed of order, augmentation and noise', wholeNumber)
    .addOption(
      new Option(
        '--members <count>',
        'train an ensemble: this many runs with different seeds, in members/0, members/1, … of the output',
      )
        .argParser(parseNumber({ min: 2, integer: true }))
        .conflicts('synthetic'),
    )
    .option('--images-per-update <count>', 'images per update', count)
    .option('--images-per-micro-batch <count>', 'images per pass; lower it to save memory', count)
    .optionsGroup('Arithmetic:')
    .option('--device <name>', 'auto, cpu, cuda or cuda:N')
    .addOption(precisionOption())
    .addOption(
      new Option(
        '--dtype <name>',
        'number type of the denoiser; for the classifier use --autocast; losses are in float32',
      ).choices(['float32', 'float16', 'bfloat16']),
    )
    .addOption(
      new Option(
        '--autocast <name>',
        'number type for operations of the classifier that are safe in it',
      ).choices(['none', 'float16', 'bfloat16']),
    )
    .option('--tf32', 'let CUDA round the factors of float32 products to TF32')
    .addOption(
      new Option(
        '--compile <what>',
        'what torch.compile compiles: none, the denoiser, or all, the classifier too',
      ).choices(['none', 'denoiser', 'all']),
    )
    .option('--activation-checkpointing', 'recompute activations instead of storing them')
    .option('--threads <count>', 'threads of torch on the CPU', count)
    .option('--workers <count>', 'processes that load images', wholeNumber)
    .optionsGroup('Run:')
    .option('--output <folder>', 'folder of configuration, metrics, checkpoints and certificates')
    .option('--steps <count>', 'stop after this many updates', count)
    .option(
      '--evaluate-images <count>',
      'test images in the evaluation after each epoch (default: all)',
      count,
    )
    .option('--dry-run', 'validate everything possible, print a plan, train nothing', false)
    .option(
      '--synthetic',
      'train --steps updates (default: 2) on random weights and images, to measure time and memory',
      false,
    )
    .option('--python <path>', 'Python to use instead of PYTHON_BIN, an active conda environment or .venv')
  return addRunOptions(described)
}

/** Adds the options of the certification that may follow. */
export function addCertifyOptions(program: Command): Command {
  return program
    .optionsGroup('Certification:')
    .option(
      '--certify-images <choice>',
      'all, first:N, every:N, random:N, over-classes:N, one-per-class, or positions such as 3,17,20-40',
      parseImages,
    )
    .option('--n0 <count>', 'noisy copies that choose the class', count)
    .option('--n <count>', 'noisy copies that bound its probability', count)
}

/** Options of presets besides σ, paths and tuning. */
const OPEN_VALUES: Readonly<Record<OpenValue, () => Option>> = {
  baseLearningRate: () =>
    new Option('--base-learning-rate <number>', 'learning rate at 256 images per update').argParser(
      parseNumber({ min: 0 }),
    ),
  lambda: () =>
    new Option('--lambda <number>', 'weight of the adversarial loss').argParser(parseNumber({ min: 0 })),
  epsilon: () =>
    new Option('--epsilon <number>', 'radius of the attack, for images in [-1, 1]').argParser(
      parseNumber({ min: Number.MIN_VALUE }),
    ),
  weightDecay: () =>
    new Option('--weight-decay <start,end>', 'weight decay of the first and the last update').argParser(
      parseRange,
    ),
  layerDecay: () =>
    new Option(
      '--layer-decay <number>',
      "ratio of a layer's learning rate to that of the next layer",
    ).argParser(parseNumber({ min: 0, max: 1 })),
}

/** Adds the options for values that depend on σ, unless a preset has published ones. */
export function addPresetOptions(
  program: Command,
  presets: readonly Pick<PresetSummary, 'takes'>[] = Object.values(PRESET_SUMMARIES),
): Command {
  const taken = new Set(presets.flatMap(({ takes }) => takes))
  program.optionsGroup('Values of the preset, if the paper has none for this σ:')
  for (const [name, option] of Object.entries(OPEN_VALUES)) {
    if (taken.has(name as OpenValue)) program.addOption(option())
  }
  return program.addOption(
    new Option('--mask <which>', 'images to attack: masked as in Eq. 9, or all (Table 5, row 3)').choices([
      'masked',
      'all',
    ]),
  )
}

function collectSetting(text: string, earlier: readonly FieldSetting[] = []): readonly FieldSetting[] {
  return [...earlier, { path: fieldPath(text), value: fieldValue(text.slice(text.indexOf('=') + 1)) }]
}

/** Returns the path of the field in `path=value`. */
export function fieldPath(text: string): string {
  const split = text.indexOf('=')
  const path = text.slice(0, split).trim()
  if (split < 1 || !/^[^.\s]+(\.[^.\s]+)*$/.test(path)) {
    throw new InvalidArgumentError('Expected a path and a value, such as method.lambda=2.')
  }
  return path
}

/** Parses a value as JSON, or else as text: `data.path=photos` needs no quotes. */
export function fieldValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    if (!/^\s*[{["]/.test(text)) return text
    throw new InvalidArgumentError(`Expected JSON, such as {"kind": "lora"}; got ${text}.`)
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // Handled below, with everything else that is not an object.
  }
  throw new InvalidArgumentError('Expected a JSON object, such as {"num_channels": 32}.')
}

function parseRange(text: string): { readonly start: number; readonly end: number } {
  const [start, end, ...others] = text.split(',').map(Number)
  if (start === undefined || end === undefined || others.length > 0 || !(start >= 0) || !(end >= 0)) {
    throw new InvalidArgumentError('Expected two numbers, such as 0.02,0.2.')
  }
  return { start, end }
}
