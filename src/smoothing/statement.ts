import type { CertificationConfig } from '../config/schema'
import type { Classifier, Denoiser } from '../torch'
import { noiseLevelOf } from './denoise'
import type { NoiseLevel } from './noise-level'
import type { Smoothing } from './smoothing'

/** What statements about images are made with. */
export interface Statement {
  /** The noise that is drawn; null without a denoiser, where that of sigma is. */
  readonly level: NoiseLevel | null
  /** σ of the radius, on the [0, 1] pixel scale. */
  readonly certifiedSigma: number
  /** α of one image. */
  readonly alpha: number
}

export type StatementOptions = Pick<CertificationConfig, 'sigma' | 'alpha'> &
  Partial<Pick<CertificationConfig, 'certifySigma' | 'familyWise'>> & {
    /** Default: the denoiser's for `sigma`. */
    readonly level?: NoiseLevel
    /** How many images there are to make a statement about. */
    readonly images: number
  }

/** Chooses noise level, σ of the radius and α of an image. */
export function statementOf(
  denoiser: Denoiser | null,
  { sigma, level, certifySigma = 'nominal', alpha, familyWise = false, images }: StatementOptions,
): Statement {
  const added = denoiser === null ? null : (level ?? noiseLevelOf(denoiser, sigma))
  const realised = added?.realisedSigma ?? sigma
  return {
    level: added,
    certifiedSigma: certifySigma === 'smaller' ? Math.min(sigma, realised) : sigma,
    // Bonferroni: the probability that any is wrong is at most the sum.
    alpha: familyWise ? alpha / images : alpha,
  }
}

/** What votes are counted of. */
export function smoothingOf(
  denoiser: Denoiser | null,
  { level }: Statement,
  {
    classifiers,
    sigma,
    autocast = 'none',
  }: Pick<CertificationConfig, 'sigma'> &
    Partial<Pick<CertificationConfig, 'autocast'>> & { readonly classifiers: readonly Classifier[] },
): Smoothing {
  return denoiser === null || level === null
    ? { classifiers, autocast, denoiser: null, level: { sigma } }
    : { classifiers, autocast, denoiser, level }
}
