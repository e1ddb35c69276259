import { type Command, InvalidArgumentError, Option } from 'commander'
import type { EnsembleConfig } from '../config/certified/ensemble-schema'
import type { Precision } from '../config/precision'
import { PRESET_NAMES } from '../config/preset/summaries'
import type { CertificationConfig, CertificationConfigInput } from '../config/schema'
import { parseIndices } from '../logs/image-plan'
import { parseNumber } from './option-values'
import { precisionOption } from './precision'

/** The options that `certify` and `predict` share: which smoothed classifier, and how it is asked. */
export interface SmoothedOptions {
  readonly config?: string
  readonly preset?: string
  readonly checkpoint?: string
  readonly data?: string
  readonly classes?: string
  readonly denoiser?: string
  /** Each is a member of an ensemble where there are several. */
  readonly classifier?: readonly string[]
  readonly ensemble?: EnsembleConfig['by']
  readonly consensus?: number
  readonly sigma?: number
  readonly n0?: number
  readonly n?: number
  readonly alpha?: number
  readonly batch?: number
  readonly seed?: number
  readonly precision?: Precision
  readonly dtype?: CertificationConfig['dtype']
  readonly autocast?: CertificationConfig['autocast']
  readonly tf32?: boolean
  readonly channelsLast?: boolean
  readonly compile?: boolean
  readonly radiusSigma?: CertificationConfig['radiusSigma']
  readonly familyWise?: boolean
  readonly sound?: boolean
  readonly randomised?: boolean
  readonly noise?: CertificationConfig['noise']
  readonly purify?: CertificationConfigInput['purify']
  readonly device?: string
  readonly threads?: number
  readonly python?: string
}

const count = parseNumber({ min: 1, integer: true })

export function addSmoothedOptions(command: Command): Command {
  return command
    .option('--config <file.json>', 'settings of a certification')
    .addOption(
      new Option('--preset <name>', "the paper's networks and settings, off-the-shelf").choices(PRESET_NAMES),
    )
    .option('--checkpoint <name>', 'which checkpoint of a run: last, best, or its name (default: last)')
    .option('--data <folder>', 'folder of the data, in place of that of the settings')
    .option(
      '--classes <order>',
      'which class folder has which logit: numeric, text, names in order as a,b,c, or a .json file with these names or { "folder": logit }',
    )
    .option(
      '--denoiser <path>',
      'weights of the denoiser, or a run that has trained one, in place of those of the settings; none: noisy images go to the classifier as they are',
    )
    .option(
      '--classifier <path>',
      'off-the-shelf weights of the classifier; given several times, these are an ensemble that is certified as one',
      (path: string, before: readonly string[] = []) => [...before, path],
    )
    .option(
      '--ensemble <what>',
      'what is summed over the members of an ensemble: logits, softmax, votes, or weights of logits such as 0.6,0.4 (default: logits)',
      parseAggregation,
    )
    .option(
      '--consensus <count>',
      'ask this many members about every noisy copy, and the others where these disagree',
      count,
    )
    .option('--sigma <number>', 'noise level, for pixels in [0, 1]', parseNumber({ min: 1e-6 }))
    .option('--n0 <count>', 'noisy copies that choose the class', count)
    .option('--n <count>', 'noisy copies that bound its probability', count)
    .option(
      '--alpha <probability>',
      'probability that a certificate is wrong',
      parseNumber({ min: 1e-300, max: 0.5 }),
    )
    .option(
      '--randomised',
      'take the randomised bound in place of that of Clopper and Pearson: wrong with probability alpha, and not less',
    )
    .option('--family-wise', 'make alpha the probability that any certificate of the images is wrong')
    .addOption(
      new Option(
        '--radius-sigma <which>',
        'σ of the radius: nominal, or min, the smaller of it and the realised one',
      ).choices(['nominal', 'min']),
    )
    .addOption(
      new Option(
        '--noise <which>',
        'gaussian, discrete-gaussian (as --sound), uniform, or laplace (with --pixel-dp): radii of the last two are of the ℓ1 norm',
      ).choices(['gaussian', 'discrete-gaussian', 'uniform', 'laplace']),
    )
    .addOption(
      new Option(
        '--sound',
        'certificates that rounding cannot break: pixels and noise in whole steps of 1/255, bounds in whole numbers',
      ).conflicts('noise'),
    )
    .option(
      '--purify <how>',
      'how a noisy copy gets its vote: once; local:SIGMA or local:SIGMA,VOTES (DiffSmooth), reverse:STEPS or reverse:STEPS,VOTES (DensePure)',
      parsePurify,
    )
    .option('--batch <count>', 'noisy copies at once; halved where memory runs out', count)
    .option(
      '--seed <number>',
      'seed of the noise and of a drawn choice',
      parseNumber({ min: 0, integer: true }),
    )
    .addOption(precisionOption())
    .addOption(
      new Option('--dtype <name>', 'number type of both networks').choices([
        'float32',
        'float64',
        'float16',
        'bfloat16',
      ]),
    )
    .addOption(
      new Option(
        '--autocast <name>',
        'compute in a narrower number type where torch knows that to be safe',
      ).choices(['none', 'float16', 'bfloat16']),
    )
    .option('--tf32', 'let CUDA round the factors of float32 products to TF32')
    .option('--channels-last', 'keep the channels of images last in the memory of the classifier')
    .option('--compile', 'compile both networks with torch.compile')
    .option('--device <name>', 'auto, cpu, cuda or cuda:N')
    .option('--threads <count>', 'threads of torch on the CPU', count)
    .option('--python <path>', 'use this Python instead of PYTHON_BIN, an active conda environment or .venv')
}

function parseAggregation(text: string): NonNullable<SmoothedOptions['ensemble']> {
  if (text === 'logits' || text === 'softmax' || text === 'votes') return text
  const weights = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
  if (weights.length > 1 && weights.every(Number.isFinite)) return weights
  throw new InvalidArgumentError(
    'Expected logits, softmax, votes, or a weight for each member such as 0.6,0.4.',
  )
}

/** `once`, `local:0.25`, `local:0.25,5`, `reverse:2`, `reverse:2,10`. */
export function parsePurify(text: string): NonNullable<SmoothedOptions['purify']> {
  if (text === 'once') return { kind: 'once' }
  const [, kind, first, votes] = /^(local|reverse):(\d+(?:\.\d+)?)(?:,([1-9]\d*))?$/.exec(text) ?? []
  const several = votes === undefined ? {} : { votes: Number(votes) }
  if (kind === 'local' && Number(first) > 0) return { kind, sigma: Number(first), ...several }
  if (kind === 'reverse' && Number.isInteger(Number(first)) && Number(first) >= 2) {
    return { kind, steps: Number(first), ...several }
  }
  throw new InvalidArgumentError(
    'Expected once, local:SIGMA,VOTES such as local:0.25,5, or reverse:STEPS,VOTES with at least 2 steps such as reverse:2,10.',
  )
}

/** `all`, `first:N`, `every:K`, `random:N`, `over-classes:N`, `one-per-class`, or images such as `3,17,20-40`. */
export function parseImages(text: string): CertificationConfig['images'] {
  if (text === 'all') return 'all'
  if (text === 'one-per-class') return { onePerClass: true }
  const [, kind, number] = /^(first|every|random|over-classes):([1-9]\d*)$/.exec(text) ?? []
  if (kind === 'first') return { first: Number(number) }
  if (kind === 'every') return { every: Number(number) }
  if (kind === 'random') return { random: Number(number) }
  if (kind === 'over-classes') return { overClasses: Number(number) }
  if (/^\d/.test(text)) {
    try {
      return { indices: parseIndices(text) }
    } catch {
      // Answered below, like everything else.
    }
  }
  throw new InvalidArgumentError(
    'Expected all, first:N, every:K, random:N, over-classes:N, one-per-class, or positions such as 3,17,20-40.',
  )
}
