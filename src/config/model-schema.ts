import { z } from 'zod'
import { count, dtype, positive, rate, text } from './fields'

/** Settings of the networks: denoiser, classifier, and what of it is trained. */

const anything = z.record(z.string(), z.json())

const denoiserDtype = dtype
  .default('float32')
  .describe('Number type of the weights and of the arithmetic of the denoiser. Default float32.')

const diffusersDenoiser = z.strictObject({
  source: z.literal('diffusers').describe('A UNet2DModel of diffusers with its scheduler_config.json.'),
  path: text.describe('Folder in diffusers format, or its id on the Hugging Face hub.'),
  dtype: denoiserDtype,
})

const openaiDenoiser = z.strictObject({
  source: z.literal('openai').describe('A checkpoint of guided-diffusion or improved-diffusion.'),
  path: text
    .optional()
    .describe('The .pt file as published. Without it the weights are random, to measure speed.'),
  preset: z
    .enum(['imagenet256', 'cifar10'])
    .optional()
    .describe(
      'Arguments of a published model: imagenet256 is 256x256_diffusion_uncond.pt, cifar10 is cifar10_uncond_50M_500K.pt.',
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
  dtype: denoiserDtype,
})

const noDenoiser = z.strictObject({
  source: z
    .literal('none')
    .describe('No denoiser: the classifier takes images with Gaussian noise as they are.'),
})

const knowsItsArguments = (
  denoiser: z.output<typeof noDenoiser | typeof diffusersDenoiser | typeof openaiDenoiser>,
) => denoiser.source !== 'openai' || denoiser.preset !== undefined || denoiser.arguments !== undefined
const lacksArguments = { path: ['preset'], error: 'expected a preset, or arguments, got neither' }

/** Where the denoiser comes from; a smoothed classifier may have none. */
export const denoiserSchema = z
  .discriminatedUnion('source', [diffusersDenoiser, openaiDenoiser, noDenoiser])
  .refine(knowsItsArguments, lacksArguments)

const perChannel = z.array(z.number()).min(1)

/** What every classifier has, wherever it comes from. */
const classifierInput = {
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
      'Classes of the data, where the weights have others: the head is then a new one. Default: theirs.',
    ),
  resize: count
    .optional()
    .describe(
      'Side in pixels that images are resized to in front of the classifier (bicubic, antialiased). Default: none.',
    ),
}

const stochasticDepth = {
  dropPath: rate
    .default(0)
    .describe(
      'Probability of stochastic depth in the last block, rising linearly from 0 in the first. Default 0.',
    ),
}

const timmClassifier = z.strictObject({
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
  ...classifierInput,
  ...stochasticDepth,
})

const transformersClassifier = z.strictObject({
  source: z.literal('transformers').describe('An AutoModelForImageClassification of transformers.'),
  path: text.optional().describe('Folder, or id on the Hugging Face hub.'),
  config: anything
    .optional()
    .describe('Without a path: the configuration of a model with random weights, model_type included.'),
  ...classifierInput,
  ...stochasticDepth,
})

const resnet110Classifier = z.strictObject({
  source: z.literal('resnet110').describe('The ResNet-110 for CIFAR-10 of locuslab/smoothing (Table 17).'),
  path: text.optional().describe('The checkpoint as published. Default: random weights.'),
  ...classifierInput,
})

const pythonClassifier = z.strictObject({
  source: z.literal('python').describe('A torch.nn.Module of your own.'),
  file: text.describe('Python file. It is executed.'),
  factory: text.describe('Function in that file which returns the module.'),
  arguments: anything.optional().describe('Arguments of that function, by name.'),
  path: text
    .optional()
    .describe('Weights that are loaded into the module. Default: as the function returns it.'),
  heads: z.array(text).optional().describe('Names of the modules that classify; LoRA trains them in full.'),
  ...classifierInput,
})

/** Where the classifier comes from and what it takes. */
export const classifierSchema = z
  .discriminatedUnion('source', [
    timmClassifier,
    transformersClassifier,
    resnet110Classifier,
    pythonClassifier,
  ])
  .refine(from => from.source !== 'timm' || from.name !== undefined || from.path !== undefined, {
    path: ['name'],
    error: 'expected a name, or the path of a folder, got neither',
  })
  .refine(from => from.source !== 'transformers' || from.path !== undefined || from.config !== undefined, {
    path: ['path'],
    error: 'expected a path, or a config for random weights, got neither',
  })

const fullTuning = z.strictObject({
  kind: z.literal('full').describe('Every weight of the classifier is trained.'),
})

const loraTuning = z.strictObject({
  kind: z
    .literal('lora')
    .describe(
      'Low-rank adapters on the query and value projections and the classification head are trained.',
    ),
  rank: count.default(4).describe('Rank r of the adapters. Default 4.'),
  alpha: positive.default(4).describe('Scale of the adapters: they count alpha / rank. Default 4.'),
})

/** What of the classifier is trained. */
export const tuningSchema = z.discriminatedUnion('kind', [fullTuning, loraTuning])
