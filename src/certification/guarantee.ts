import type { CertificationConfig } from '../config/schema'
import { ConfigError } from '../errors'
import { levelOf, type Smoothing } from '../smoothing/smoothing'
import { type Bound, gaussianBound } from '../statistics/bound'
import { discreteGaussianBound } from '../statistics/discrete-gaussian'
import { pixelDpLaplaceBoundOfSigma } from '../statistics/pixel-dp'
import { uniformBound } from '../statistics/uniform-bound'

const BOUNDS: Readonly<Record<CertificationConfig['noise'], (sigma: number) => Bound>> = {
  // Of PixelDP alone: settings have it with no other procedure.
  laplace: pixelDpLaplaceBoundOfSigma,
  gaussian: gaussianBound,
  'discrete-gaussian': discreteGaussianBound,
  uniform: uniformBound,
}

/** From a probability to a radius under the noise of the settings, as CERTIFY takes it. */
export function boundOf(noise: CertificationConfig['noise'], sigma: number): Bound {
  return BOUNDS[noise](sigma)
}

/**
 * Refuses other noise than Gaussian where something is made for that alone.
 *
 * @param what - what is asked for, for instance "An attack"
 * @throws ConfigError that names the noise
 */
export function requireGaussian(what: string, { noise }: Pick<CertificationConfig, 'noise'>): void {
  if (noise === 'gaussian') return
  throw new ConfigError(`${what} draws Gaussian noise, got certification.noise ${noise}.`, {
    remedy: 'Leave out --sound and --noise, and `noise` in the settings.',
  })
}

/**
 * Refuses a randomised bound where an image may be asked about again, with other numbers.
 *
 * @param what - what is asked for, for instance "A loaded classifier"
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
 * Refuses a purification by several looks where something is made of one alone.
 *
 * @param what - what is asked for, for instance "A file of soft labels"
 * @throws ConfigError that names it
 */
export function requireOnce(what: string, { purify }: Pick<CertificationConfig, 'purify'>): void {
  if (purify.kind === 'once') return
  throw new ConfigError(`${what} takes one look at a copy, got certification.purify.kind ${purify.kind}.`, {
    remedy: 'Leave out --purify, and `purify` in the settings.',
  })
}

/**
 * Refuses other procedures than CERTIFY where images are classified by it and PREDICT.
 *
 * @param what - what is asked for, for instance "A prediction"
 * @param options.router - whether a router is one more that is understood. Default refused.
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

/** What each image is certified with. */
export interface Guarantee {
  /** σ of the radius, on the [0, 1] pixel scale. */
  readonly certifiedSigma: number
  /** Probability that the certificate of one image is wrong, at most. */
  readonly alpha: number
}

/** How sure certificates are to be, and about which σ. */
export type GuaranteeOptions = Pick<CertificationConfig, 'alpha' | 'radiusSigma' | 'familyWise'> & {
  /** How many images there are to certify. */
  readonly images: number
}

/**
 * Chooses σ of the radius and α of an image.
 *
 * @throws ConfigError where a smoothing that `smoothingOf` has not made names another σ than it draws, or draws less than
 *   the σ of the radius
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

/** Noise that is drawn and the σ that it is said to have are one. */
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
