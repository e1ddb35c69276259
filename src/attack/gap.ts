import { BrokenCertificateError, DataError } from '../errors'
import type { CertificationRow } from '../logs/certification-log'
import type { Finding } from '../logs/outcome'
import type { AttackRow } from './attack-log'

/** The proved and the found radius of one image: the smoothed classifier keeps its class up to a radius between them. */
export interface ImageGap {
  readonly index: number
  /** The class of the certificate; undefined if there is none. */
  readonly class: number | undefined
  /** Whether the class is the label. */
  readonly correct: boolean
  /** The certified ℓ2 radius, for pixels in [0, 1]; undefined if none is certified. */
  readonly certified: number | undefined
  /** The radius of the smallest change found; Infinity if none. */
  readonly attacked: number
}

/** Returns the class that a certificate states; undefined if it states none, so that nothing can be attacked. */
export function statedClass(finding: Finding): number | undefined {
  if (finding.kind === 'certified' || finding.kind === 'predicted') return finding.class
  return finding.kind === 'certified-at' && finding.radii.length > 0 ? finding.class : undefined
}

/**
 * Pairs certificates with attacks on them, by image. Leaves out certified images that were not attacked; an image without a stated class
 * counts as changed at 0.
 *
 * @throws DataError if an attack has other pixels, another label or another class than its certificate
 */
export function pairWithAttacks(
  certificates: readonly CertificationRow[],
  attacks: readonly AttackRow[],
): ImageGap[] {
  const byIndex = new Map(attacks.map(row => [row.index, row]))
  return certificates.flatMap((row): ImageGap[] => {
    const { index, label, digest, finding } = row
    const stated = statedClass(finding)
    const image = { index, class: stated, correct: stated === label }
    if (stated === undefined) return [{ ...image, certified: undefined, attacked: 0 }]
    const attack = byIndex.get(index)
    if (attack === undefined) return []
    requireSame(index, 'label', attack.label, label)
    requireSame(index, 'digest', attack.digest, digest ?? attack.digest)
    requireSame(index, 'class', attack.class, stated)
    const certified = finding.kind === 'predicted' ? undefined : row.radius
    return [{ ...image, certified, attacked: attack.change?.radius ?? Number.POSITIVE_INFINITY }]
  })
}

function requireSame(
  index: number,
  what: string,
  attacked: number | string,
  certified: number | string,
): void {
  if (attacked === certified) return
  throw new DataError(
    `Image ${index} has the ${what} ${certified} in the certification log, but ${attacked} in the attack log.`,
    { remedy: 'Attack again into a new log, with the certification log as it is now.' },
  )
}

/** Largest number of images listed in an error. */
const MOST_LISTED = 10

/**
 * Throws if an attack contradicts a certificate.
 *
 * @param options - `chance`: α of a certificate and α of an attack, together
 * @throws BrokenCertificateError that lists the images
 */
export function requireUnbroken(gaps: readonly ImageGap[], { chance }: { readonly chance: number }): void {
  const broken = gaps.filter(isBroken)
  if (broken.length === 0) return
  const lines = broken
    .slice(0, MOST_LISTED)
    .map(
      ({ index, class: stated, certified, attacked }) =>
        `  image ${index}: class ${stated} is certified within ${certified}, and changed at ${attacked}\n`,
    )
  const more = broken.length > MOST_LISTED ? `  and ${broken.length - MOST_LISTED} more\n` : ''
  throw new BrokenCertificateError(
    `${broken.length} of ${gaps.length} certificates are false:\n${lines.join('')}${more}By chance each is with a probability of at most ${chance}.\n`,
    {
      remedy:
        'Do not publish this log. Look at the noise that was drawn, its sigma (for pixels in [0, 1] or [-1, 1]), and the bound.',
    },
  )
}

/** Radius 0 certifies only the image itself; the attack tests other images. */
function isBroken({ certified = 0, attacked }: ImageGap): boolean {
  return certified > 0 && attacked <= certified
}

/**
 * Returns the share of images that are correct and that no attack within each radius has changed: an upper bound of any certified accuracy
 * there, on these images.
 */
export function accuracyUnderAttack(gaps: readonly ImageGap[], radii: readonly number[]): number[] {
  return radii.map(
    radius => gaps.filter(({ correct, attacked }) => correct && attacked > radius).length / gaps.length,
  )
}

/** Returns the share of images that are correct and certified at each radius: certified accuracy. */
export function accuracyWithCertificate(gaps: readonly ImageGap[], radii: readonly number[]): number[] {
  return radii.map(
    radius =>
      gaps.filter(({ correct, certified }) => correct && certified !== undefined && certified >= radius)
        .length / gaps.length,
  )
}
