import type { CertificationConfig } from '../config/schema'
import type { Smoothing } from '../smoothing/smoothing'

/** What each image is certified with. */
export interface Guarantee {
  /** σ of the radius, on the [0, 1] pixel scale. */
  readonly certifiedSigma: number
  /** Probability that the certificate of one image is wrong, at most. */
  readonly alpha: number
}

/**
 * Chooses σ of the radius and α of an image.
 *
 * @param options.images - how many images there are to certify
 */
export function guaranteeOf(
  { sigma, realisedSigma }: Pick<Smoothing, 'sigma' | 'realisedSigma'>,
  {
    alpha,
    radiusSigma,
    familyWise,
    images,
  }: Pick<CertificationConfig, 'alpha' | 'radiusSigma' | 'familyWise'> & { readonly images: number },
): Guarantee {
  return {
    certifiedSigma: radiusSigma === 'min' ? Math.min(sigma, realisedSigma) : sigma,
    // Bonferroni: the probability that any is wrong is at most the sum.
    alpha: familyWise ? alpha / images : alpha,
  }
}
