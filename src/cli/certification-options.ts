import { type Command, InvalidArgumentError, Option } from 'commander'
import type { EnsembleConfig } from '../config/certified/ensemble-schema'
import type { Precision } from '../config/precision'
import { PRESET_NAMES } from '../config/preset/summaries'
import type { CertificationConfig, CertificationConfigInput } from '../config/schema'
import { parseIndices } from '../logs/image-plan'
import { parseNumber } from './option-values'
import { precisionOption } from './precision'

/** The options shared by `certify` and `predict`: the smoothed classifier and its sampling. */
export interface SmoothedOptions {
  readonly config?: string
  readonly preset?: string
  readonly checkpoint?: string
  readonly data?: string
  readonly classes?: string
  readonly denoiser?: string
  /** Several are the members of an ensemble. */
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
      new Option('--preset <name>', "the paper's off-the-shelf networks and settings").choices(PRESET_NAMES),
    )
    .option('--checkpoint <name>', 'checkpoint of a run: last, best, or a name (default: last)')
    .option('--data <folder>', 'folder of the data (overrides the settings)')
    .option(
      '--classes <order>',
      'logits of the class folders: numeric, text, names in order as a,b,c, or a .json file with these names or { "folder": logit }',
    )
    .option(
      '--denoiser <path>',
      'weights of the denoiser, or a run that trained one (overrides the settings); none: the classifier gets noisy images directly',
    )
    .option(
      '--classifier <path>',
      'off-the-shelf weights of the classifier; several form an ensemble, certified as one',
      (path: string, before: readonly string[] = []) => [...before, path],
    )
    .option(
      '--ensemble <what>',
      'what to sum over the members of an ensemble: logits, softmax, votes, or weights of logits such as 0.6,0.4 (default: logits)',
      parseAggregation,
    )
    .option(
      '--consensus <count>',
      'members that classify every noisy copy; the others do so only if these disagree',
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
      'use the randomised bound instead of Clopper-Pearson: wrong with probability exactly alpha',
    )
    .option('--family-wise', 'make alpha the probability that any certificate is wrong')
    .addOption(
      new Option(
        '--radius-sigma <which>',
        'σ of the radius: nominal, or min, the smaller of nominal and realised',
      ).choices(['nominal', 'min']),
    )
    .addOption(
      new Option(
        '--noise <which>',
        'gaussian, discrete-gaussian (as --sound), uniform, or laplace (with --pixel-dp); the last two give ℓ1 radii',
      ).choices(['gaussian', 'discrete-gaussian', 'uniform', 'laplace']),
    )
    .addOption(
      new Option(
        '--sound',
        'certificates that are safe against rounding: pixels and noise in whole steps of 1/255, integer bounds',
      ).conflicts('noise'),
    )
    .option(
      '--purify <how>',
      'how a noisy copy votes: once; local:SIGMA or local:SIGMA,VOTES (DiffSmooth), reverse:STEPS or reverse:STEPS,VOTES (DensePure)',
      parsePurify,
    )
    .option('--batch <count>', 'noisy copies per pass; halved if memory runs out', count)
    .option(
      '--seed <number>',
      'seed of the noise and of randomly chosen images',
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
        'use a narrower number type for operations that torch considers safe',
      ).choices(['none', 'float16', 'bfloat16']),
    )
    .option('--tf32', 'let CUDA round the factors of float32 products to TF32')
    .option('--channels-last', 'use the channels-last memory layout for the classifier')
    .option('--compile', 'compile both networks with torch.compile')
    .option('--device <name>', 'auto, cpu, cuda or cuda:N')
    .option('--threads <count>', 'threads of torch on the CPU', count)
    .option('--python <path>', 'Python to use instead of PYTHON_BIN, an active conda environment or .venv')
}

function parseAggregation(text: string): NonNullable<SmoothedOptions['ensemble']> {
  if (text === 'logits' || text === 'softmax' || text === 'votes') return text
  const weights = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
  if (weights.length > 1 && weights.every(Number.isFinite)) return weights
  throw new InvalidArgumentError(
    'Expected logits, softmax, votes, or a weight for each member such as 0.6,0.4.',
  )
}

/** Parses `once`, `local:0.25`, `local:0.25,5`, `reverse:2`, `reverse:2,10`. */
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

/** Parses `all`, `first:N`, `every:K`, `random:N`, `over-classes:N`, `one-per-class`, or images such as `3,17,20-40`. */
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
      // Handled below, with all other invalid values.
    }
  }
  throw new InvalidArgumentError(
    'Expected all, first:N, every:K, random:N, over-classes:N, one-per-class, or positions such as 3,17,20-40.',
  )
}
