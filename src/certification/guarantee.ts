import type { CertificationConfig } from '../config/schema'
import { ConfigError } from '../errors'
import { levelOf, type Smoothing } from '../smoothing/smoothing'
import { type Bound, gaussianBound } from '../statistics/bound'
import { discreteGaussianBound } from '../statistics/discrete-gaussian'
import { pixelDpLaplaceBoundOfSigma } from '../statistics/pixel-dp'
import { uniformBound } from '../statistics/uniform-bound'

const BOUNDS: Readonly<Record<CertificationConfig['noise'], (sigma: number) => Bound>> = {
  // Only for PixelDP: settings allow it with no other procedure.
  laplace: pixelDpLaplaceBoundOfSigma,
  gaussian: gaussianBound,
  'discrete-gaussian': discreteGaussianBound,
  uniform: uniformBound,
}

/** Returns CERTIFY's bound, from a probability to a radius, under the noise of the settings. */
export function boundOf(noise: CertificationConfig['noise'], sigma: number): Bound {
  return BOUNDS[noise](sigma)
}

/**
 * Throws for noise other than Gaussian, for features that require it.
 *
 * @param what - the feature, for example "An attack"
 * @throws ConfigError that names the noise
 */
export function requireGaussian(what: string, { noise }: Pick<CertificationConfig, 'noise'>): void {
  if (noise === 'gaussian') return
  throw new ConfigError(`${what} draws Gaussian noise, got certification.noise ${noise}.`, {
    remedy: 'Leave out --sound and --noise, and `noise` in the settings.',
  })
}

/**
 * Throws for a randomised bound, for features that may classify an image repeatedly with other random numbers.
 *
 * @param what - the feature, for example "A loaded classifier"
 * @throws ConfigError that names it
 */
export function requireFixedBound(
  what: string,
  { confidence }: Pick<CertificationConfig, 'confidence'>,
): void {
  if (confidence === 'clopper-pearson') return
  throw new ConfigError(
    `${what} answers as often as it is asked, and a randomised bound holds for one answer; got certification.confidence ${confidence}.`,
    { remedy: 'Leave out --randomised, and `confidence` in the settings.' },
  )
}

/**
 * Throws for a purification with several looks, for features that support only one.
 *
 * @param what - the feature, for example "A file of soft labels"
 * @throws ConfigError that names it
 */
export function requireOnce(what: string, { purify }: Pick<CertificationConfig, 'purify'>): void {
  if (purify.kind === 'once') return
  throw new ConfigError(`${what} takes one look at a copy, got certification.purify.kind ${purify.kind}.`, {
    remedy: 'Leave out --purify, and `purify` in the settings.',
  })
}

/**
 * Throws for procedures other than CERTIFY, for features that classify images by CERTIFY and PREDICT.
 *
 * @param what - the feature, for example "A prediction"
 * @param options - `router`: whether a router is also supported. Default refused
 * @throws ConfigError that names the procedure
 */
export function requireCertify(
  what: string,
  { procedure }: Pick<CertificationConfig, 'procedure'>,
  { router = 'refused' }: { readonly router?: 'allowed' | 'refused' } = {},
): void {
  if (procedure.kind === 'certify' || (procedure.kind === 'router' && router === 'allowed')) return
  throw new ConfigError(`${what} is by PREDICT and CERTIFY, got the procedure ${procedure.kind}.`, {
    remedy: 'Set certification.procedure.kind to certify, or leave it out.',
  })
}

/** The guarantee of each image's certificate. */
export interface Guarantee {
  /** σ of the radius, on the [0, 1] pixel scale. */
  readonly certifiedSigma: number
  /** Upper bound of the probability that the certificate of one image is wrong. */
  readonly alpha: number
}

/** The confidence of certificates, and their σ. */
export type GuaranteeOptions = Pick<CertificationConfig, 'alpha' | 'radiusSigma' | 'familyWise'> & {
  /** Number of images to certify. */
  readonly images: number
}

/**
 * Chooses σ of the radius and α of an image.
 *
 * @throws ConfigError if a custom smoothing (not from `smoothingOf`) states another σ than it draws, or draws less than the σ of the radius
 */
export function guaranteeOf(
  smoothing: Smoothing,
  { alpha, radiusSigma, familyWise, images }: GuaranteeOptions,
): Guarantee {
  const { sigma, realisedSigma } = smoothing
  requireDrawn(smoothing)
  const certifiedSigma = radiusSigma === 'min' ? Math.min(sigma, realisedSigma) : sigma
  if (certifiedSigma > realisedSigma) {
    throw new ConfigError(
      `The radius would be that of sigma ${sigma}, but the noise that is drawn has sigma ${realisedSigma}.`,
      { remedy: "Take the smoothing that `smoothingOf` makes of the sigma, or radiusSigma 'min'." },
    )
  }
  return { certifiedSigma, alpha: alphaOfImage({ alpha, familyWise }, images) }
}

/** Bonferroni: the probability that any is wrong is at most the sum. */
export function alphaOfImage(
  { alpha, familyWise }: Pick<CertificationConfig, 'alpha' | 'familyWise'>,
  images: number,
): number {
  return familyWise ? alpha / images : alpha
}

/** Checks that the stated σ is that of the drawn noise. */
function requireDrawn({ scales, realisedSigma, ...others }: Smoothing): void {
  const said = levelOf(others)?.realisedSigma ?? realisedSigma
  // σ is for pixels in [0, 1], and images are in [-1, 1].
  const drawn = scales.noise / (2 * scales.image)
  for (const sigma of [said, drawn]) {
    if (Math.abs(sigma / realisedSigma - 1) <= 1e-9) continue
    throw new ConfigError(`The smoothing says sigma ${realisedSigma}, but draws noise of sigma ${sigma}.`, {
      remedy: 'Take the smoothing that `smoothingOf` makes.',
    })
  }
}
