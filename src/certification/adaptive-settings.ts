import type { CertificationConfig } from '../config/schema'
import { type AdaptiveCertification, GridCertification, SizedCertification } from './adaptive'

/** Votes come in multiples of this many, the block that noise is drawn in. */
const BLOCK = 16

/** How many votes one more certified radius is worth, as a multiple of n: it decides votes, not the guarantee. */
const WORTH = 5

/** All that decides how many votes an image takes, for the log. */
export type AdaptiveSettings =
  | {
      readonly kind: 'grid'
      readonly radii: readonly number[]
      readonly block: number
      readonly worth: number
    }
  | { readonly kind: 'sized'; readonly maxRadiusLoss: number; readonly block: number }

/** The settings of an adaptive certification, complete; undefined where each image takes n votes. */
export function adaptiveSettings({
  adaptive,
  n,
}: Pick<CertificationConfig, 'adaptive' | 'n'>): AdaptiveSettings | undefined {
  if (adaptive === 'none') return undefined
  return 'radii' in adaptive
    ? { kind: 'grid', radii: adaptive.radii, block: BLOCK, worth: WORTH * n }
    : { kind: 'sized', maxRadiusLoss: adaptive.maxRadiusLoss, block: BLOCK }
}

/**
 * Prepares an adaptive certification for all images: for a grid and n = 100,000 it takes seconds.
 *
 * @param options.sigma - σ of the radius
 * @param options.alpha - α of one image
 */
export function adaptiveCertification(
  settings: AdaptiveSettings,
  options: { readonly sigma: number; readonly alpha: number; readonly n: number },
): AdaptiveCertification {
  return settings.kind === 'grid'
    ? new GridCertification({ ...options, ...settings })
    : new SizedCertification({ ...options, ...settings })
}
