import type { CertificationConfig } from '../config/schema'
import { ConfigError } from '../errors'
import { levelOf, type Smoothing } from '../smoothing/smoothing'
import { type Bound, gaussianBound } from '../statistics/bound'
import { discreteGaussianBound } from '../statistics/discrete-gaussian'
import { uniformBound } from '../statistics/uniform-bound'
import { type ProcedureSettings, procedureOf } from './procedure'

const BOUNDS: Readonly<Record<CertificationConfig['noise'], (sigma: number) => Bound>> = {
  gaussian: gaussianBound,
  'discrete-gaussian': discreteGaussianBound,
  uniform: uniformBound,
}

/** From a probability to a radius under the noise of the settings. */
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
 * @throws ConfigError where a smoothing that `smoothingOf` has not made names another σ than it draws, or draws less than
 *   the σ of the radius
 */
export function guaranteeOf(
  smoothing: Smoothing,
  {
    alpha,
    radiusSigma,
    familyWise,
    images,
  }: Pick<CertificationConfig, 'alpha' | 'radiusSigma' | 'familyWise'> & { readonly images: number },
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

/**
 * Refuses settings under which no image can be certified, however its votes fall. It needs neither networks nor images.
 *
 * @param options.images - how many images there are to certify
 * @throws ConfigError with the least n that could
 */
export function requireCertifiable(
  certification: Pick<CertificationConfig, 'adaptive' | 'n' | 'batch' | 'alpha' | 'familyWise' | 'noise'>,
  { sigma, images }: { readonly sigma: number; readonly images: number },
): void {
  const { n, familyWise, noise } = certification
  const procedure = procedureOf(certification, { sigma })
  const alpha = alphaOfImage(certification, images)
  if (noise === 'discrete-gaussian' && procedure.kind !== 'certify') {
    throw new ConfigError(
      `--sound certifies by CERTIFY with n votes, got adaptive votes (${procedure.kind}).`,
      {
        remedy: 'Leave out one of the two: the tests of adaptive votes are computed in rounded numbers.',
      },
    )
  }
  const bound = boundOf(noise, sigma)
  if (procedure.kind === 'at-radius') {
    requireRounds(procedure, { n, alpha, bound })
    return
  }
  const radius = procedure.kind === 'grid' ? (procedure.radii[0] ?? 0) : 0
  const top = bound.top(radius)
  // Unanimous votes show a probability of alpha^(1/n). CERTIFY is to be above 1/2 with it: a radius of 0 is none.
  const suffices = (votes: number) =>
    procedure.kind === 'grid' ? top ** votes <= alpha : top ** votes < alpha
  if (suffices(n)) return
  const share = familyWise ? ` for each of ${images} images` : ''
  const wanted = radius > 0 ? `radius ${radius} takes ${top.toFixed(4)}` : 'a class takes more than one half'
  const what = `n = ${n} votes certify nothing at alpha = ${alpha}${share}: all of them together show a probability of ${(alpha ** (1 / n)).toFixed(4)}, and ${wanted}.`
  const least = leastVotes(top, { alpha, suffices })
  throw new ConfigError(what, {
    remedy: least === undefined ? 'Ask about smaller radii.' : `Set n to at least ${least}.`,
  })
}

/** Each round has a part of alpha: the one with the most votes is to certify the radius with it. */
function requireRounds(
  { radius, rounds }: Extract<ProcedureSettings, { kind: 'at-radius' }>,
  { n, alpha, bound }: { readonly n: number; readonly alpha: number; readonly bound: Bound },
): void {
  const most = Math.max(...rounds)
  if (most > n) {
    throw new ConfigError(
      `adaptive.rounds takes ${most} votes in one round, but n is ${n}, the most that an image may have in one.`,
      { remedy: `Set n to ${most}, or name smaller rounds.` },
    )
  }
  const top = bound.top(radius)
  const each = alpha / rounds.length
  const suffices = (votes: number) => top ** votes <= each
  if (suffices(most)) return
  const least = leastVotes(top, { alpha: each, suffices })
  throw new ConfigError(
    `Rounds of [${rounds.join(', ')}] votes cannot certify radius ${radius}: it takes a probability of ${top.toFixed(4)}, and ${most} votes that agree show ${(each ** (1 / most)).toFixed(4)} at alpha / ${rounds.length} = ${each}.`,
    {
      remedy:
        least === undefined
          ? 'Ask about a smaller radius.'
          : `Let the last round have at least ${least} votes.`,
    },
  )
}

/** Bonferroni: the probability that any is wrong is at most the sum. */
function alphaOfImage(
  { alpha, familyWise }: Pick<CertificationConfig, 'alpha' | 'familyWise'>,
  images: number,
): number {
  return familyWise ? alpha / images : alpha
}

/** More votes than anyone draws are none. */
const MOST_VOTES = 1e9

function leastVotes(
  top: number,
  { alpha, suffices }: { readonly alpha: number; readonly suffices: (votes: number) => boolean },
): number | undefined {
  const wanted = top < 1 ? Math.log(alpha) / Math.log(top) : Number.POSITIVE_INFINITY
  if (wanted > MOST_VOTES) return undefined
  // The logarithms may round to one vote more or less.
  let votes = Math.max(1, Math.floor(wanted) - 1)
  while (!suffices(votes)) votes += 1
  return votes
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
