import { trainedBy } from './methods/trained'
import type { CertificationConfig, DenoiserConfig, RunConfig } from './schema'
import { CLASSIFIERS } from './sources/classifiers'

/** Names of arithmetic settings. Runs and logs record the settings, not the name. */
export const PRECISIONS = ['exact', 'fast'] as const
export type Precision = (typeof PRECISIONS)[number]

/** The number type of a denoiser. */
type DenoiserDtype = Exclude<DenoiserConfig, { source: 'none' }>['dtype']

interface Arithmetic {
  readonly denoiser: DenoiserDtype
  readonly certification: Pick<
    CertificationConfig,
    'dtype' | 'autocast' | 'tf32' | 'channelsLast' | 'compile'
  >
  /** An optimizer needs float32 weights, so in training the classifier uses bfloat16 by autocast. */
  readonly training: Pick<RunConfig, 'autocast' | 'tf32' | 'compile'>
}

/** exact: float32. fast: bfloat16 weights, compiled; the fastest on an H100 (docs/performance.md). */
export const ARITHMETIC: Readonly<Record<Precision, Arithmetic>> = {
  exact: {
    denoiser: 'float32',
    certification: {
      ...{ dtype: 'float32', autocast: 'none', tf32: false, channelsLast: false, compile: false },
    },
    training: { autocast: 'none', tf32: false, compile: 'none' },
  },
  fast: {
    denoiser: 'bfloat16',
    certification: {
      ...{ dtype: 'bfloat16', autocast: 'none', tf32: true, channelsLast: true, compile: true },
    },
    training: { autocast: 'bfloat16', tf32: true, compile: 'all' },
  },
}

type Fields = Readonly<Record<string, unknown>>

/** The settings of a run that decide which arithmetic its training supports. */
interface Described {
  readonly method?: { readonly kind?: string }
  readonly classifier?: { readonly source?: string }
  readonly smoothing?: { readonly denoiser?: { readonly source?: string }; readonly noiseAfter?: string }
  readonly dtype?: string
}

/**
 * Returns the settings of a precision to merge over those of a run. It includes only what its training supports.
 *
 * @param settings - those of the preset and the file, with what overrides the precision
 * @param released - autocast of the preset, which exact keeps as released
 */
export function precisionOfRun(
  precision: Precision,
  settings: Fields,
  released: RunConfig['autocast'] = 'none',
): Fields {
  const { denoiser, certification, training } = ARITHMETIC[precision]
  // Not validated yet: invalid values are refused together with the settings.
  const { method, smoothing, dtype } = settings as Described
  const hasDenoiser = smoothing?.denoiser?.source !== 'none'
  const isDenoiserTrained = trainedBy(method?.kind ?? 'ft-cadis') === 'denoiser'
  const isOfFeatures = smoothing?.noiseAfter !== undefined
  return {
    ...training,
    ...(precision === 'exact' && { autocast: released }),
    ...(dtype === 'float64' && { autocast: 'none' }),
    compile: compiled(training.compile, settings as Described),
    certification: isOfFeatures ? { ...certification, compile: false } : certification,
    // An optimizer needs weights in float32.
    ...(hasDenoiser && { smoothing: { denoiser: { dtype: isDenoiserTrained ? 'float32' : denoiser } } }),
  }
}

/** Returns as much of `wanted` as exists and torch.compile can train. */
function compiled(
  wanted: RunConfig['compile'],
  { method: { kind = 'ft-cadis' } = {}, classifier, smoothing }: Described,
): RunConfig['compile'] {
  const trained = trainedBy(kind)
  if (wanted === 'none' || trained === 'denoiser' || smoothing?.noiseAfter !== undefined) return 'none'
  // Networks of one architecture that is not a transformer may normalise over the batch.
  const source = CLASSIFIERS.find(({ settings }) => settings.shape.source.value === classifier?.source)
  if (trained === 'classifier' && source?.blocks !== 'none') return wanted
  return smoothing?.denoiser?.source === 'none' ? 'none' : 'denoiser'
}
