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
    .describe('auto (CUDA where there is a device), cpu, cuda or cuda:N. Default auto.'),
  threads: z
    .int()
    .positive()
    .optional()
    .describe('Threads of torch on the CPU. Default: what torch chooses.'),
  output: text.describe('Folder of the run.'),
}

/** The schema of a fine-tuning run by a custom method, with the certification that may follow it. */
function runSchemaOf<Method extends z.ZodType<{ readonly kind: string }>>(method: Method) {
  const schema = z.strictObject({
    ...setup,
    tuning: tuningSchema
      .default({ kind: 'full' })
      .describe('What of the classifier is trained. Default: everything.'),
    method: method.describe('How the classifier is trained. Without a kind: FT-CADIS.'),
    optimisation: optimisationSchema.describe('The optimizer and its schedules.'),
    checkpoints: checkpointsSchema
      .prefault({})
      .describe('Which epochs leave a checkpoint. Default: the last.'),
    certification: certificationSchema
      .prefault({})
      .describe('How the result is certified, with the same smoothing.'),
    seed: seed.default(0).describe('Seed of order, augmentation and noise in training. Default 0.'),
    dtype: z
      .enum(['float32', 'float64'])
      .default('float32')
      .describe(
        'Number type of the classifier in training: its weights, and its arithmetic without autocast. Default float32.',
      ),
    autocast: z
      .enum(['none', 'float16', 'bfloat16'])
      .default('none')
      .describe(
        'Number type that the classifier, or a denoiser that is trained, computes in where torch knows that to be safe; log-probabilities and losses stay ' +
          'in float32. float16 comes with a loss scale. Default none.',
      ),
    tf32: z
      .boolean()
      .default(false)
      .describe('Whether CUDA may round the factors of float32 products to TF32. Default false.'),
    compile: z
      .enum(['none', 'denoiser', 'all'])
      .default('none')
      .describe(
        'What torch.compile compiles: faster on a GPU after minutes of compiling, and rounded differently. all is the ' +
          'classifier too, forward and backward, where it does not normalise over the batch; the images that are attacked are ' +
          'then filled up to one of four numbers with copies that count nothing. Certification has its own setting. ' +
          'Default none.',
      ),
    activationCheckpointing: z
      .boolean()
      .default(false)
      .describe(
        'Whether activations are computed again for the backward pass instead of kept: less memory, more time, the same ' +
          'result. Default false.',
      ),
  })
  return schema.superRefine((run, context) => {
    // The compiler cannot look into an object with a field of a type that it does not know.
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

/** A run trains no more than one of the networks that a router takes. */
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

/** A whole fine-tuning run, with the certification that may follow it. */
export const runSchema = runSchemaOf(methodSchema)

/** A certification on its own: of an off-the-shelf classifier, or of what a run has trained. */
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
      .describe('Other classifiers that are certified together with this one, as one. Default: none.'),
    aces: acesNetworksSchema
      .optional()
      .describe('Networks that the procedure aces asks beside the classifier. Default: none.'),
    router: routerNetworksSchema
      .optional()
      .describe('Networks that the procedure router asks beside the classifier. Default: none.'),
    certification: certificationSchema.describe('What is certified, and how surely.'),
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

/** The settings of a fine-tuning run, complete. */
export interface RunConfig<Method extends { readonly kind: string } = MethodConfig> extends RunSettings {
  /** How the classifier is trained. */
  readonly method: Method
}
/** The settings of a fine-tuning run by one kind of method. */
export type RunConfigOf<Kind extends MethodConfig['kind']> = RunConfig<Extract<MethodConfig, { kind: Kind }>>
/** The settings of a fine-tuning run by any method, custom ones included. */
export type AnyRunConfig = RunConfig<{ readonly kind: string }>

export type { CertificationConfig, CertificationConfigInput } from './types/certification'
export type { ClassifierConfig, TuningConfig } from './types/classifier'
export type { DataConfig } from './types/data'
export type { CertificationRunConfig, CertificationRunConfigInput, RunConfigInput } from './types/run'
export type { DenoiserConfig, SmoothingConfig } from './types/smoothing'

/**
 * The settings of a fine-tuning run, with every default filled in. What comes out goes in again unchanged.
 *
 * @throws ConfigError that names every invalid field, what it takes and what it got.
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
 * The settings of a fine-tuning run that no compiler has seen, such as the content of a JSON file. Settings in the form of
 * earlier versions, with `method.sigma` and `denoiser`, are accepted.
 *
 * @throws ConfigError, as {@link parseConfig} does.
 */
export function parseUnknownConfig(input: unknown): RunConfig {
  return parseRun(runSchema, input)
}

/**
 * The settings of a fine-tuning run whose method has its own schema.
 *
 * @throws ConfigError, as {@link parseConfig} does.
 */
export function parseConfigWith<Method extends { readonly kind: string }>(
  method: z.ZodType<Method>,
  input: unknown,
): RunConfig<Method> {
  return parseRun(runSchemaOf(method), input) as RunConfig<Method>
}

/**
 * The settings that a run has stored. Those of a custom method are taken as they are, since only the script of that
 * run knows them.
 *
 * @throws ConfigError, as {@link parseConfig} does.
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
 * The settings of a certification, with every default filled in.
 *
 * @throws ConfigError, as {@link parseConfig} does.
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
 * The settings of a run, where its method is of a certain kind.
 *
 * @throws ConfigError where it is of another kind
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
 * The certification that belongs to a fine-tuning run: with the smoothing that it was trained for (Appendix B.2).
 *
 * Members that were trained together are certified as the ensemble that they are, a denoiser with the classifier behind it.
 *
 * @param checkpoint - Folder of the checkpoint to certify; without it, the off-the-shelf classifier is.
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
  // The mean of the members' logits leads where their sum does.
  const ensemble = { others: others.map(folder => ({ checkpoint: folder })), by: 'logits' } as const
  return { ...setup, checkpoint: first, ensemble }
}

/** The denoiser in the folder of a checkpoint. A diffusion model is saved in diffusers' format, wherever it was from. */
function trainedDenoiser({ denoiser }: SmoothingConfig, path: string): SmoothingConfig['denoiser'] {
  if (isDiffusionModel(denoiser)) {
    return { source: 'diffusers', path, dtype: denoiser.dtype }
  }
  return { ...denoiser, path } as SmoothingConfig['denoiser']
}
