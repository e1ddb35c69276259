import type { Session } from '../bridge'
import type { CertificationConfig } from '../config/schema'
import { ConfigError } from '../errors'
import type { JsonObject } from '../logs/certification-log-metadata'
import type { Noise, Smoothing } from '../smoothing/smoothing'
import { type DiscreteGaussian, discreteGaussian, PIXEL_STEPS } from '../statistics/discrete-gaussian'
import { exactLowerBound } from '../statistics/exact-binomial'
import { LAPLACE_SCALE } from '../statistics/pixel-dp'
import { UNIFORM_HALF_WIDTH } from '../statistics/uniform-bound'
import { stepNoise } from '../torch'
import type { Guarantee } from './guarantee'
import type { LowerBound } from './statistics'

/** Consequences of a certification's noise, besides its bound. */
export interface DrawnNoise {
  /** α of one image for the votes: the rest of α after subtracting the drawing error. */
  readonly alpha: number
  /** Default: that of Clopper and Pearson, with its rounding. */
  readonly lowerBound?: LowerBound
  /** The log's description of the noise; empty for Gaussian noise. */
  readonly logged: JsonObject
  /** A note for the reader about the images; undefined if they are used unchanged. */
  readonly note?: string
  /** Makes the noise in Python; free it with its table. */
  begin(session: Session): Noise
}

/**
 * Resolves the noise settings.
 *
 * @param options - `values`: number of values in an image
 * @throws ConfigError if the drawing error uses up α
 */
export function drawnNoise(
  { noise, n }: Pick<CertificationConfig, 'noise' | 'n'>,
  {
    smoothing,
    guarantee: { alpha },
    values,
  }: {
    readonly smoothing: Pick<Smoothing, 'realisedSigma'>
    readonly guarantee: Guarantee
    readonly values: number
  },
): DrawnNoise {
  switch (noise) {
    case 'gaussian':
      return { alpha, logged: {}, begin: () => ({ kind: 'gaussian' }) }
    case 'uniform':
      return { alpha, logged: {}, begin: () => ({ kind: 'uniform', halfWidth: UNIFORM_HALF_WIDTH }) }
    case 'laplace':
      return { alpha, logged: {}, begin: () => ({ kind: 'laplace', scale: LAPLACE_SCALE }) }
    case 'discrete-gaussian': {
      const table = discreteGaussian(smoothing.realisedSigma)
      const sound = soundAlpha(table, { alpha, draws: n * values })
      return {
        ...{ alpha: sound.alpha, lowerBound: exactLowerBound, logged: { sound }, note: ROUNDED },
        begin: session => ({
          ...{ kind: 'discrete-gaussian', steps: PIXEL_STEPS },
          table: stepNoise(session, table.thresholds),
        }),
      }
    }
  }
}

const ROUNDED =
  'pixels are rounded to whole steps of 1/255: the certificates are about images so rounded, and speak of others on that grid.'

/** Returns α for the votes such that, with the error of all draws, the total is at most α. */
function soundAlpha(
  { drawError }: DiscreteGaussian,
  { alpha, draws }: { readonly alpha: number; readonly draws: number },
): { readonly steps: number; readonly drawError: number; readonly alpha: number } {
  // Rounded conservatively: both the product and the difference.
  const error = draws * drawError * (1 + 2 ** -50)
  const left = (alpha - error) * (1 - 2 ** -50)
  if (left > alpha / 2) return { steps: PIXEL_STEPS, drawError: error, alpha: left }
  throw new ConfigError(
    `Drawing ${draws} values is wrong with probability ${error.toPrecision(3)}, which leaves less than half of alpha = ${alpha}.`,
    { remedy: 'Set a larger alpha, or a smaller n.' },
  )
}
