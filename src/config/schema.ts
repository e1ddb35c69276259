import { z } from 'zod'
import { certificationFieldsSchema, certificationSchema } from './certification-schema'
import { dataSchema } from './data-schema'
import { explainIssues } from './explain-issues'
import { seed, text } from './fields'
import { checkpointsSchema, methodSchema, optimisationSchema } from './method-schema'
import { certifiedDenoiserSchema, classifierSchema, denoiserSchema, tuningSchema } from './model-schema'
import { problemsOfRun } from './rules'

const setup = {
  denoiser: denoiserSchema.describe('The diffusion model in front of the classifier. It is never trained.'),
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

/** A whole fine-tuning run, with the certification that may follow it. */
export const runSchema = z
  .strictObject({
    ...setup,
    tuning: tuningSchema
      .default({ kind: 'full' })
      .describe('What of the classifier is trained. Default: everything.'),
    method: methodSchema.describe('FT-CADIS, or an ablation of it.'),
    optimisation: optimisationSchema.describe('AdamW and its schedules.'),
    checkpoints: checkpointsSchema
      .prefault({})
      .describe('Which epochs leave a checkpoint. Default: the last.'),
    certification: certificationFieldsSchema
      .prefault({})
      .describe('How the result is certified, at the sigma of the method.'),
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
        'Number type that the classifier computes in where torch knows that to be safe; log-probabilities and losses stay ' +
          'in float32. float16 comes with a loss scale. Default none.',
      ),
    tf32: z
      .boolean()
      .default(false)
      .describe('Whether CUDA may round the factors of float32 products to TF32. Default false.'),
    compileDenoiser: z
      .boolean()
      .default(false)
      .describe(
        'Whether torch.compile compiles the denoiser: several times as fast on a GPU after a minute of compiling, and ' +
          'rounded differently. Certification has a setting of its own. Default false.',
      ),
    activationCheckpointing: z
      .boolean()
      .default(false)
      .describe(
        'Whether activations are computed anew for the backward pass instead of kept: less memory, more time, the same ' +
          'result. Default false.',
      ),
  })
  .superRefine((run, context) => {
    for (const { path, message } of problemsOfRun(run)) {
      context.addIssue({ code: 'custom', path: path.split('.'), message })
    }
  })

/** A certification on its own: of an off-the-shelf classifier, or of what a run has trained. */
export const certificationRunSchema = z.strictObject({
  ...setup,
  denoiser: certifiedDenoiserSchema.describe(
    'The diffusion model in front of the classifier, or { source: none } for a classifier of noisy images.',
  ),
  checkpoint: text
    .optional()
    .describe(
      'Folder of a checkpoint whose weights replace those of the classifier. Default: off-the-shelf.',
    ),
  certification: certificationSchema.describe('What is certified, and how surely.'),
})

/** The settings of a fine-tuning run as one writes them: what has a default may be left out. */
export type RunConfigInput = z.input<typeof runSchema>
/** The settings of a fine-tuning run, complete. */
export type RunConfig = z.output<typeof runSchema>
/** The settings of a certification as one writes them. */
export type CertificationRunConfigInput = z.input<typeof certificationRunSchema>
/** The settings of a certification, complete. */
export type CertificationRunConfig = z.output<typeof certificationRunSchema>

export type DenoiserConfig = z.output<typeof denoiserSchema>
export type ClassifierConfig = z.output<typeof classifierSchema>
export type TuningConfig = z.output<typeof tuningSchema>
export type DataConfig = z.output<typeof dataSchema>
export type CertificationConfig = z.output<typeof certificationSchema>

/**
 * The settings of a fine-tuning run, with every default filled in. What comes out goes in again unchanged, through
 * JSON too.
 *
 * @throws ConfigError that names every field at fault, what it takes and what it got.
 */
export function parseConfig(input: unknown): RunConfig {
  const parsed = runSchema.safeParse(input)
  if (parsed.success) return parsed.data
  throw explainIssues(parsed.error, { input, what: 'The configuration' })
}

/**
 * The settings of a certification, with every default filled in.
 *
 * @throws ConfigError, as {@link parseConfig} does.
 */
export function parseCertificationConfig(input: unknown): CertificationRunConfig {
  const parsed = certificationRunSchema.safeParse(input)
  if (parsed.success) return parsed.data
  throw explainIssues(parsed.error, { input, what: 'The configuration of the certification' })
}

/**
 * The certification that belongs to a fine-tuning run: at the sigma that it was trained for (Appendix B.2).
 *
 * @param checkpoint - Folder of the checkpoint to certify; without it, the off-the-shelf classifier is.
 */
export function certificationOf(run: RunConfig, checkpoint?: string): CertificationRunConfig {
  const { denoiser, classifier, data, device, threads, output, method, certification } = run
  const setup = { denoiser, classifier, data, device, threads, output, checkpoint }
  return { ...setup, certification: { sigma: method.sigma, ...certification } }
}
