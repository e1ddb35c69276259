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

/** What follows from the noise of a certification beside its bound. */
export interface DrawnNoise {
  /** Of one image, for the votes: what is left of α once the error of drawing is taken off. */
  readonly alpha: number
  /** Default: that of Clopper and Pearson as it is rounded. */
  readonly lowerBound?: LowerBound
  /** What a log says of the noise; nothing of Gaussian noise. */
  readonly logged: JsonObject
  /** What a reader has to know of the images; undefined where they are taken as they are. */
  readonly note?: string
  /** The noise in Python, to be freed with its table. */
  begin(session: Session): Noise
}

/**
 * Decides what the settings of the noise mean.
 *
 * @param options.values - how many values an image has
 * @throws ConfigError where the error of drawing leaves nothing of α
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

/** α of the votes, so that with the error of all draws it is at most α. */
function soundAlpha(
  { drawError }: DiscreteGaussian,
  { alpha, draws }: { readonly alpha: number; readonly draws: number },
): { readonly steps: number; readonly drawError: number; readonly alpha: number } {
  // Rounded against us: the product, and the difference.
  const error = draws * drawError * (1 + 2 ** -50)
  const left = (alpha - error) * (1 - 2 ** -50)
  if (left > alpha / 2) return { steps: PIXEL_STEPS, drawError: error, alpha: left }
  throw new ConfigError(
    `Drawing ${draws} values is wrong with probability ${error.toPrecision(3)}, which leaves less than half of alpha = ${alpha}.`,
    { remedy: 'Set a larger alpha, or a smaller n.' },
  )
}
