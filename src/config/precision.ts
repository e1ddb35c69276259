import { isObject } from '../files/read-json'
import type { CertificationConfig, DenoiserConfig, RunConfig } from './schema'

/** Names of arithmetic. They stand for settings, and these are what is recorded. */
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
  /** An optimizer needs weights in float32, so that in training the classifier computes in bfloat16 by autocast. */
  readonly training: Pick<RunConfig, 'autocast' | 'tf32' | 'compile'>
}

/** exact: float32. fast: weights in bfloat16, compiled; what was the fastest on an H100 (docs/performance.md). */
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

/**
 * What a precision says of the settings of a run, to be laid over them.
 *
 * @param settings - those of the preset and the file
 * @param released - autocast of the preset that they are made from, which exact leaves as the authors released it
 */
export function precisionOfRun(
  precision: Precision,
  settings: Fields,
  released: RunConfig['autocast'] = 'none',
): Fields {
  const { denoiser, certification, training } = ARITHMETIC[precision]
  const { smoothing } = settings
  const described = isObject(smoothing) ? smoothing.denoiser : undefined
  const hasDenoiser = !isObject(described) || described.source !== 'none'
  return {
    ...{ ...training, certification },
    ...(precision === 'exact' && { autocast: released }),
    ...(hasDenoiser && { smoothing: { denoiser: { dtype: denoiser } } }),
  }
}
