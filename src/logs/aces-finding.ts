import type { Finding } from './outcome'

/** What the selector says of a copy: who it is left to. */
export const SELECTED = { core: 0, certification: 1 } as const

/**
 * What is certified of an image that has no radius.
 *
 * - `sound`: the core's class where the selector is certified to leave the image to the core, or where it abstains and the
 *   certified class of the network is the core's.
 * - `published`: as the released evaluation has it, which takes an abstaining selector for one that chooses the network.
 *   The class is then that of the network, and it may be wrong with more than alpha.
 */
export type AcesRadiusZeroRule = 'sound' | 'published'

/** A class within a radius. */
export interface CertifiedClass {
  readonly class: number
  readonly radius: number
}

/** What is certified of the two smoothed networks; undefined where one abstains. */
export interface AcesParts {
  readonly selector: CertifiedClass | undefined
  readonly network: CertifiedClass | undefined
  /** The class of the core network, where it was asked. */
  readonly core?: number
}

/** What the parts say together; undefined where it takes the class of the core. */
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

/** Certified at the image itself alone. */
function atImage(label: number): Finding {
  return { kind: 'certified-at', class: label, radii: [0], refused: [] }
}
