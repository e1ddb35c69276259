import { z } from 'zod'
import { ConfigError } from '../../errors'
import { anything, count, imageSizeField, positive, rate, text } from '../fields'
import type { Source, SourceSchema } from './source'

/** A schema with `path`, from which the weights of a checkpoint load. */
type ClassifierSchema = SourceSchema<{ path: z.ZodOptional<z.ZodString> }>

/** A source of classifiers: its settings and properties. */
export interface ClassifierSource<Schema extends ClassifierSchema = ClassifierSchema> extends Source<Schema> {
  /** Name of such a classifier, with its article. */
  readonly title: string
  /** Transformer blocks, for layer-wise decay and activation checkpointing; `unknown` for a custom network. */
  readonly blocks: 'known' | 'unknown' | 'none'
  /** Whether it has query and value projections, for LoRA. */
  readonly hasQueryAndValue: boolean
  /** Returns whether the classification modules are known: LoRA trains them in full. Default: they are. */
  knowsHeads?(settings: z.output<Schema>): boolean
  /**
   * Returns the same architecture with random weights and this many classes, to measure time and memory.
   *
   * @throws ConfigError if only its weights tell the architecture
   */
  randomWeights(settings: z.output<Schema>, numClasses: number): z.input<Schema>
}

const perChannel = z.array(z.number()).min(1)

/** Settings of every classifier, whatever its source. */
const input = {
  inputRange: z
    .union([
      z.literal('symmetric'),
      z
        .strictObject({
          mean: perChannel.describe('Mean of each channel, for pixels in [0, 1].'),
          std: z.array(positive).min(1).describe('Standard deviation of each channel, for pixels in [0, 1].'),
        })
        .refine(({ mean, std }) => mean.length === std.length, {
          path: ['std'],
          error: 'expected as many values as mean has',
        }),
    ])
    .default('symmetric')
    .describe(
      'Input range of the classifier. symmetric: denoised pixels in [-1, 1] unchanged, whatever the training range, as in the ' +
        'released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.',
    ),
  numClasses: count
    .optional()
    .describe(
      'Classes of the data. If the weights have another number or no head, the head is new. Default: as in the weights.',
    ),
  adapter: text
    .optional()
    .describe(
      'Folder of LoRA adapters in the format of peft, for these weights; fine-tuning starts from them. Default: none.',
    ),
  resize: imageSizeField
    .optional()
    .describe(
      'Size to which images are resized in front of the classifier (bicubic, antialiased): the side of a square, or [height, ' +
        'width]. Default: none.',
    ),
}

const stochasticDepth = {
  dropPath: rate
    .default(0)
    .describe(
      'Probability of stochastic depth in the last block, rising linearly from 0 in the first. Default 0.',
    ),
}

const timmSettings = z
  .strictObject({
    source: z.literal('timm').describe('A timm model.'),
    name: text
      .optional()
      .describe('Name of the model, with or without its tag. Optional if path is a folder.'),
    path: text.optional().describe('Weight file, or folder in timm’s format. Default: weights from the hub.'),
    pretrained: z
      .boolean()
      .default(true)
      .describe(
        'Without a path: whether to use the published weights; false uses random weights. Default true.',
      ),
    modelArgs: anything.optional().describe('Further arguments of timm.create_model.'),
    ...input,
    ...stochasticDepth,
  })
  .refine(({ name, path }) => name !== undefined || path !== undefined, {
    path: ['name'],
    error: 'expected a name, or the path of a folder, got neither',
  })

const timm: ClassifierSource<typeof timmSettings> = {
  settings: timmSettings,
  title: 'a model of timm',
  blocks: 'known',
  hasQueryAndValue: true,
  randomWeights: ({ path: _, ...architecture }, numClasses) => {
    if (architecture.name !== undefined) return { ...architecture, pretrained: false, numClasses }
    throw new ConfigError('A timm classifier has no known architecture without its name.', {
      remedy: 'Set classifier.name.',
    })
  },
}

/** The configuration of the ViT-B/16 that replaces a model of transformers. */
const VIT_BASE_16 = { model_type: 'vit' }

const transformersSettings = z
  .strictObject({
    source: z.literal('transformers').describe('An AutoModelForImageClassification of transformers.'),
    path: text.optional().describe('Folder, or id on the Hugging Face hub.'),
    config: anything
      .optional()
      .describe('Without a path: the configuration of a model with random weights, including model_type.'),
    ...input,
    ...stochasticDepth,
  })
  .refine(({ path, config }) => path !== undefined || config !== undefined, {
    path: ['path'],
    error: 'expected a path, or a config for random weights, got neither',
  })

const transformers: ClassifierSource<typeof transformersSettings> = {
  settings: transformersSettings,
  title: 'a model of transformers',
  blocks: 'known',
  hasQueryAndValue: true,
  randomWeights: ({ path: _, config = VIT_BASE_16, ...architecture }, numClasses) => ({
    ...{ ...architecture, config, numClasses },
  }),
}

const resnet110Settings = z.strictObject({
  source: z.literal('resnet110').describe('The ResNet-110 for CIFAR-10 of locuslab/smoothing (Table 17).'),
  path: text.optional().describe('The checkpoint as published. Default: random weights.'),
  ...input,
})

const resnet110: ClassifierSource<typeof resnet110Settings> = {
  settings: resnet110Settings,
  title: 'a ResNet-110',
  blocks: 'none',
  hasQueryAndValue: false,
  randomWeights: ({ path: _, ...architecture }, numClasses) => ({ ...architecture, numClasses }),
}

const lenetSettings = z.strictObject({
  source: z
    .literal('lenet')
    .describe('The LeNet for MNIST of jh-jeong/smoothing-consistency: two convolutions, two linear layers.'),
  path: text.optional().describe('A checkpoint of it. Default: random weights.'),
  ...input,
})

const lenet: ClassifierSource<typeof lenetSettings> = {
  settings: lenetSettings,
  title: 'a LeNet',
  blocks: 'none',
  hasQueryAndValue: false,
  randomWeights: ({ path: _, ...architecture }, numClasses) => ({ ...architecture, numClasses }),
}

const pythonSettings = z.strictObject({
  source: z.literal('python').describe('Your own torch.nn.Module.'),
  file: text.describe('Python file. It is executed.'),
  factory: text.describe('Function in that file that returns the module.'),
  arguments: anything.optional().describe('Keyword arguments of that function.'),
  path: text.optional().describe('Weights to load into the module. Default: as returned by the function.'),
  heads: z.array(text).optional().describe('Names of the classification modules; LoRA trains them in full.'),
  ...input,
})

const python: ClassifierSource<typeof pythonSettings> = {
  settings: pythonSettings,
  title: 'your own module',
  blocks: 'unknown',
  hasQueryAndValue: true,
  knowsHeads: ({ heads }) => heads !== undefined,
  randomWeights: ({ path: _, ...architecture }, numClasses) => ({ ...architecture, numClasses }),
}

const noneSettings = z
  .strictObject({
    source: z
      .literal('none')
      .describe('No classifier: for a run that trains a denoiser, without measuring accuracy.'),
    path: text.optional().describe('None: nothing to load.'),
    ...input,
  })
  .superRefine(({ source: _, inputRange, ...others }, context) => {
    for (const [name, value] of Object.entries({
      ...others,
      ...(inputRange !== 'symmetric' && { inputRange }),
    })) {
      if (value === undefined) continue
      const message = 'expected nothing without a classifier, got a value'
      context.addIssue({ code: 'custom', path: [name], message })
    }
  })

const none: ClassifierSource<typeof noneSettings> = {
  settings: noneSettings,
  title: 'no classifier',
  blocks: 'none',
  hasQueryAndValue: false,
  randomWeights: () => ({ source: 'none' }),
}

/** Every source of classifiers. Its Python file is `networks/classifier_sources/<source>.py`. */
export const CLASSIFIERS = [timm, transformers, resnet110, lenet, python, none] as const
