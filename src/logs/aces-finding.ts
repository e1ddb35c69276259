import type { Finding } from './outcome'

/** The classes of the selector: which network gets a copy. */
export const SELECTED = { core: 0, certification: 1 } as const

/**
 * The certificate of an image without a radius.
 *
 * - `sound`: the core's class if the selector is certified to assign the image to the core, or if it abstains and the
 * certified class of the network is the core's.
 * - `published`: as in the released evaluation, which counts an abstaining selector as one that chooses the network. The
 * class is then that of the network, and may be wrong with more than alpha.
 */
export type AcesRadiusZeroRule = 'sound' | 'published'

/** A class within a radius. */
export interface CertifiedClass {
  readonly class: number
  readonly radius: number
}

/** The certificates of the two smoothed networks; undefined if one abstains. */
export interface AcesParts {
  readonly selector: CertifiedClass | undefined
  readonly network: CertifiedClass | undefined
  /** The class of the core network, if known. */
  readonly core?: number
}

/** Combines the parts into a finding; undefined if it needs the class of the core. */
export function acesFinding(
  { selector, network, core }: AcesParts,
  radiusZero: AcesRadiusZeroRule,
): Finding | undefined {
  if (selector?.class === SELECTED.certification) {
    if (network === undefined) return { kind: 'abstains' }
    return { kind: 'certified', class: network.class, radius: Math.min(selector.radius, network.radius) }
  }
  if (selector !== undefined) return core === undefined ? undefined : atImage(core)
  if (network === undefined) return { kind: 'abstains' }
  if (radiusZero === 'published') return atImage(network.class)
  if (core === undefined) return undefined
  return network.class === core ? atImage(core) : { kind: 'abstains' }
}

/** Returns a certificate for the image itself only. */
function atImage(label: number): Finding {
  return { kind: 'certified-at', class: label, radii: [0], refused: [] }
}
