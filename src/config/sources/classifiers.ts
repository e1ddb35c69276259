import { z } from 'zod'
import { ConfigError } from '../../errors'
import { anything, count, imageSizeField, positive, rate, text } from '../fields'
import type { Source, SourceSchema } from './source'

/** The weights of a checkpoint are loaded by `path`. */
type ClassifierSchema = SourceSchema<{ path: z.ZodOptional<z.ZodString> }>

/** A source of classifiers: its settings, and all that this package has to know beside them. */
export interface ClassifierSource<Schema extends ClassifierSchema = ClassifierSchema> extends Source<Schema> {
  /** What such a classifier is called, with its article. */
  readonly title: string
  /** Transformer blocks, for layer-wise decay and activation checkpointing; `unknown` are those of a custom network. */
  readonly blocks: 'known' | 'unknown' | 'none'
  /** Query and value projections, for LoRA. */
  readonly hasQueryAndValue: boolean
  /** Whether it is known which modules classify: LoRA trains them in full. Default: it is. */
  knowsHeads?(settings: z.output<Schema>): boolean
  /**
   * The same architecture with random weights and this many classes, to measure what it takes.
   *
   * @throws ConfigError where its weights alone tell the architecture
   */
  randomWeights(settings: z.output<Schema>, numClasses: number): z.input<Schema>
}

const perChannel = z.array(z.number()).min(1)

/** What every classifier has, wherever it comes from. */
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
      'What the classifier takes. symmetric: denoised pixels in [-1, 1] as they are, whatever it was trained with, as in the ' +
        'released code. With mean and std: pixels in [0, 1], normalised. Default symmetric.',
    ),
  numClasses: count
    .optional()
    .describe(
      'Classes of the data, where the weights have others or no head: the head is then a new one. Default: theirs.',
    ),
  adapter: text
    .optional()
    .describe(
      'Folder of LoRA adapters in the format of peft, for these weights: fine-tuning begins with them. Default: none.',
    ),
  resize: imageSizeField
    .optional()
    .describe(
      'Pixels that images are resized to in front of the classifier (bicubic, antialiased): the side of a square, or ' +
        '[height, width]. Default: none.',
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
    source: z.literal('timm').describe('A model of timm.'),
    name: text
      .optional()
      .describe('Name of the model, with or without its tag. May be left out where path is a folder.'),
    path: text
      .optional()
      .describe('Weight file, or folder in the format of timm. Default: weights from the hub.'),
    pretrained: z
      .boolean()
      .default(true)
      .describe(
        'Without a path: whether the published weights are used; false is random weights. Default true.',
      ),
    modelArgs: anything
      .optional()
      .describe('Further arguments of the model, under the names of timm.create_model.'),
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

/** The configuration of the ViT-B/16 that stands in for a transformer of transformers. */
const VIT_BASE_16 = { model_type: 'vit' }

const transformersSettings = z
  .strictObject({
    source: z.literal('transformers').describe('An AutoModelForImageClassification of transformers.'),
    path: text.optional().describe('Folder, or id on the Hugging Face hub.'),
    config: anything
      .optional()
      .describe('Without a path: the configuration of a model with random weights, model_type included.'),
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
  factory: text.describe('Function in that file which returns the module.'),
  arguments: anything.optional().describe('Arguments of that function, by name.'),
  path: text
    .optional()
    .describe('Weights that are loaded into the module. Default: as the function returns it.'),
  heads: z.array(text).optional().describe('Names of the modules that classify; LoRA trains them in full.'),
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
      .describe('No classifier: for a run that trains a denoiser, which then measures no accuracy.'),
    path: text.optional().describe('None: there is nothing to load.'),
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

/** Every source of classifiers. The file of one in Python is `networks/classifier_sources/<source>.py`. */
export const CLASSIFIERS = [timm, transformers, resnet110, lenet, python, none] as const
