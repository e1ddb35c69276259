import { join } from 'node:path'
import { z } from 'zod'
import { ConfigError } from '../errors'
import { certificationSchema } from './certification-schema'
import { ensembleSchema, problemsOfEnsemble } from './certified/ensemble-schema'
import { problemsOfNoiseAfter, problemsOfNoiseAfterInTraining } from './certified/noise-after'
import { acesNetworksSchema, problemsOfAcesNetworks, problemsOfProcedure } from './certified/procedure-schema'

import { problemsOfPurifiedEnsemble } from './certified/purify-schema'

import { problemsOfRouterNetworks, routerNetworksSchema } from './certified/router-schema'

import { dataSchema } from './data-schema'
import { fromEarlierForm } from './earlier-form'
import { explainIssues } from './explain-issues'
import { seed, text } from './fields'
import { withFolderImages } from './folder-images'
import { METHOD_KINDS, type MethodConfig, methodSchema } from './methods'
import { networkFolders, trainedBy } from './methods/trained'
import { classifierSchema, tuningSchema } from './model-schema'
import { checkpointsSchema, optimisationSchema } from './optimisation-schema'
import { type Problem, problemsOfCertification, problemsOfRun } from './rules'
import { smoothingSchema } from './smoothing-schema'
import { isDiffusionModel } from './sources/denoisers'
import type { CertificationRunConfig, RunConfigInput, RunSettings } from './types/run'
import type { SmoothingConfig } from './types/smoothing'

const setup = {
  smoothing: smoothingSchema.describe('The noise, and the denoiser in front of the classifier.'),
  classifier: classifierSchema.describe('The off-the-shelf classifier.'),
  data: dataSchema.describe('The images.'),
  device: z
    .string()
    .regex(/^(auto|cpu|cuda(:\d+)?)$/)
    .default('auto')
    .describe('auto (CUDA if available), cpu, cuda or cuda:N. Default auto.'),
  threads: z.int().positive().optional().describe('Threads of torch on the CPU. Default: chosen by torch.'),
  output: text.describe('Folder of the run.'),
}

/** Returns the schema of a fine-tuning run with a custom method, and of the certification that may follow it. */
function runSchemaOf<Method extends z.ZodType<{ readonly kind: string }>>(method: Method) {
  const schema = z.strictObject({
    ...setup,
    tuning: tuningSchema
      .default({ kind: 'full' })
      .describe('The weights of the classifier to train. Default: all.'),
    method: method.describe('How to train the classifier. Without a kind: FT-CADIS.'),
    optimisation: optimisationSchema.describe('The optimizer and its schedules.'),
    checkpoints: checkpointsSchema
      .prefault({})
      .describe('The epochs whose checkpoints are kept. Default: the last.'),
    certification: certificationSchema
      .prefault({})
      .describe('How to certify the result, with the same smoothing.'),
    seed: seed.default(0).describe('Seed of order, augmentation and noise in training. Default 0.'),
    dtype: z
      .enum(['float32', 'float64'])
      .default('float32')
      .describe(
        'Number type of the classifier’s weights in training, and of its arithmetic without autocast. Default float32.',
      ),
    autocast: z
      .enum(['none', 'float16', 'bfloat16'])
      .default('none')
      .describe(
        'Number type of the operations of the trained network (the classifier or a denoiser) that torch considers safe in it; ' +
          'log-probabilities and losses stay in float32. float16 adds a loss scale. Default none.',
      ),
    tf32: z
      .boolean()
      .default(false)
      .describe('Whether CUDA may round the factors of float32 products to TF32. Default false.'),
    compile: z
      .enum(['none', 'denoiser', 'all'])
      .default('none')
      .describe(
        'What torch.compile compiles: faster on a GPU after minutes of compiling, with different rounding. all includes the ' +
          'classifier, forward and backward, unless it normalises over the batch; attacked images are then padded to one of four ' +
          'numbers with copies that do not count. Certification has its own setting. Default none.',
      ),
    activationCheckpointing: z
      .boolean()
      .default(false)
      .describe(
        'Whether to recompute activations for the backward pass instead of storing them: less memory, more time, the same result. ' +
          'Default false.',
      ),
  })
  return schema.superRefine((run, context) => {
    // The type checker does not resolve the type of an object with a generic field.
    const whole = run as Parameters<typeof problemsOfRun>[0] &
      Pick<RunSettings, 'smoothing' | 'certification'>
    for (const { path, message } of [
      ...problemsOfRun(whole),
      ...problemsOfProcedure(whole.certification, whole.smoothing),
      ...problemsOfOneClassifier(whole.certification),
      ...problemsOfNoiseAfter(whole),
      ...problemsOfNoiseAfterInTraining(whole),
    ]) {
      context.addIssue({ code: 'custom', path: path.split('.'), message })
    }
  })
}

/** Refuses a router in the settings of a run, which trains at most one of its networks. */
function problemsOfOneClassifier({
  procedure,
}: Pick<RunSettings, 'certification'>['certification']): Problem[] {
  if (procedure.kind !== 'router') return []
  return [
    {
      path: 'certification.procedure.kind',
      message: 'expected a procedure of one classifier in the settings of a run, got router',
    },
  ]
}

/** The schema of a fine-tuning run, with the certification that may follow it. */
export const runSchema = runSchemaOf(methodSchema)

/** The schema of a certification: of an off-the-shelf classifier, or of a trained one. */
export const certificationRunSchema = z
  .strictObject({
    ...setup,
    checkpoint: text
      .optional()
      .describe(
        'Folder of a checkpoint whose weights replace those of the classifier. Default: off-the-shelf.',
      ),
    ensemble: ensembleSchema
      .optional()
      .describe('Other classifiers to certify together with this one, as one. Default: none.'),
    aces: acesNetworksSchema.optional().describe('Other networks of the procedure aces. Default: none.'),
    router: routerNetworksSchema
      .optional()
      .describe('Other networks of the procedure router. Default: none.'),
    certification: certificationSchema.describe('What to certify, and at which confidence.'),
  })
  .superRefine(({ smoothing, classifier, ensemble, aces, router, certification }, context) => {
    const { procedure } = certification
    for (const { path, message } of [
      ...problemsOfCertification({ classifier, smoothing, certification }),
      ...(ensemble === undefined ? [] : problemsOfEnsemble(ensemble)),
      ...problemsOfProcedure(certification, smoothing),
      ...problemsOfPurifiedEnsemble({ purify: certification.purify, ensemble }),
      ...problemsOfAcesNetworks({ procedure, aces, ensemble }),
      ...problemsOfRouterNetworks({ procedure, router, ensemble }),
      ...problemsOfNoiseAfter({ smoothing, certification, ensemble }),
    ]) {
      context.addIssue({ code: 'custom', path: path.split('.'), message })
    }
  })

/** The complete settings of a fine-tuning run. */
export interface RunConfig<Method extends { readonly kind: string } = MethodConfig> extends RunSettings {
  /** How to train the classifier. */
  readonly method: Method
}
/** The settings of a fine-tuning run for one kind of method. */
export type RunConfigOf<Kind extends MethodConfig['kind']> = RunConfig<Extract<MethodConfig, { kind: Kind }>>
/** The settings of a fine-tuning run for any method, including custom ones. */
export type AnyRunConfig = RunConfig<{ readonly kind: string }>

export type { CertificationConfig, CertificationConfigInput } from './types/certification'
export type { ClassifierConfig, TuningConfig } from './types/classifier'
export type { DataConfig } from './types/data'
export type { CertificationRunConfig, CertificationRunConfigInput, RunConfigInput } from './types/run'
export type { DenoiserConfig, SmoothingConfig } from './types/smoothing'

/**
 * Validates the settings of a fine-tuning run and fills in every default. Parsing is idempotent.
 *
 * @throws ConfigError listing every invalid field with its expected and actual value.
 *
 * @example
 * const preset = presets.digits({ output: 'runs/digits' })
 * const config = parseConfig({ ...preset, optimisation: { ...preset.optimisation, epochs: 3 } })
 * config.optimisation.epochs // => 3
 */
export function parseConfig(input: RunConfigInput): RunConfig {
  return parseUnknownConfig(input)
}

/**
 * Validates settings of a fine-tuning run of unknown type, such as the content of a JSON file. Accepts the form of
 * earlier versions, with `method.sigma` and `denoiser`.
 *
 * @throws ConfigError as {@link parseConfig} does.
 */
export function parseUnknownConfig(input: unknown): RunConfig {
  return parseRun(runSchema, input)
}

/**
 * Validates the settings of a fine-tuning run whose method has its own schema.
 *
 * @throws ConfigError as {@link parseConfig} does.
 */
export function parseConfigWith<Method extends { readonly kind: string }>(
  method: z.ZodType<Method>,
  input: unknown,
): RunConfig<Method> {
  return parseRun(runSchemaOf(method), input) as RunConfig<Method>
}

/**
 * Validates the stored settings of a run. The settings of a custom method pass unchecked, because only its script knows
 * them.
 *
 * @throws ConfigError as {@link parseConfig} does.
 */
export function parseStoredConfig(input: unknown): AnyRunConfig {
  const { kind } = Object(Object(input).method) as { readonly kind?: unknown }
  const isOwn = typeof kind === 'string' && !METHOD_KINDS.includes(kind)
  return isOwn ? parseConfigWith(z.looseObject({ kind: z.string() }), input) : parseUnknownConfig(input)
}

function parseRun<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const settings = withFolderImages(fromEarlierForm(input))
  const parsed = schema.safeParse(settings)
  if (parsed.success) return parsed.data
  throw explainIssues(parsed.error, { schema, input: settings, what: 'The configuration' })
}

/**
 * Validates the settings of a certification and fills in every default.
 *
 * @throws ConfigError as {@link parseConfig} does.
 */
export function parseCertificationConfig(input: unknown): CertificationRunConfig {
  const settings = withFolderImages(fromEarlierForm(input))
  const parsed = certificationRunSchema.safeParse(settings)
  if (parsed.success) return parsed.data
  throw explainIssues(parsed.error, {
    ...{ schema: certificationRunSchema, input: settings },
    what: 'The configuration of the certification',
  })
}

/**
 * Returns the settings of a run if its method is of the given kind.
 *
 * @throws ConfigError if it is of another kind
 */
export function requireMethod<Kind extends MethodConfig['kind']>(
  config: AnyRunConfig,
  kind: Kind,
): RunConfigOf<Kind> {
  if (config.method.kind === kind) return config as RunConfigOf<Kind>
  throw new ConfigError(`method.kind: expected ${kind}, got ${config.method.kind}.`, {
    remedy: `Give a configuration whose method is ${kind}.`,
  })
}

/**
 * Returns the certification of a fine-tuning run, with the smoothing that it was trained for (Appendix B.2). Members that
 * were trained together are certified as an ensemble, a denoiser together with its classifier.
 *
 * @param checkpoint - Folder of the checkpoint to certify. Default: the off-the-shelf classifier.
 */
export function certificationOf(run: AnyRunConfig, checkpoint?: string): CertificationRunConfig {
  const { smoothing, classifier, data, device, threads, output, certification, method } = run
  const setup = { smoothing, classifier, data, device, threads, output, certification }
  if (checkpoint === undefined) return { ...setup, checkpoint }
  const trained = trainedBy(method.kind)
  if (trained === 'classifier') return { ...setup, checkpoint }
  const [first = checkpoint, ...others] = networkFolders(method).map(folder => join(checkpoint, folder))
  if (trained === 'denoiser') {
    return { ...setup, smoothing: { ...smoothing, denoiser: trainedDenoiser(smoothing, first) } }
  }
  // The mean of the members' logits has the same argmax as their sum.
  const ensemble = { others: others.map(folder => ({ checkpoint: folder })), by: 'logits' } as const
  return { ...setup, checkpoint: first, ensemble }
}

/** Returns the denoiser in a checkpoint folder. A diffusion model is saved in diffusers' format, whatever its source. */
function trainedDenoiser({ denoiser }: SmoothingConfig, path: string): SmoothingConfig['denoiser'] {
  if (isDiffusionModel(denoiser)) {
    return { source: 'diffusers', path, dtype: denoiser.dtype }
  }
  return { ...denoiser, path } as SmoothingConfig['denoiser']
}
