import { BrokenCertificateError, DataError } from '../errors'
import type { CertificationRow } from '../logs/certification-log'
import type { Finding } from '../logs/outcome'
import type { AttackRow } from './attack-log'

/** What is proved and what was found about one image: the smoothed classifier keeps its class up to somewhere between both. */
export interface ImageGap {
  readonly index: number
  /** The class of the certificate; undefined where there is none. */
  readonly class: number | undefined
  /** The class is the label. */
  readonly correct: boolean
  /** The certified ℓ2 radius, for pixels in [0, 1]; undefined where none is certified. */
  readonly certified: number | undefined
  /** The radius of the smallest change that was found; Infinity where none was. */
  readonly attacked: number
}

/** The class that a certificate states; undefined where it states none, and there is nothing to attack. */
export function statedClass(finding: Finding): number | undefined {
  if (finding.kind === 'certified' || finding.kind === 'predicted') return finding.class
  return finding.kind === 'certified-at' && finding.radii.length > 0 ? finding.class : undefined
}

/**
 * Pairs certificates with attacks on them, by image. A certified image that was not attacked is left out; one without a
 * stated class counts as changed at 0.
 *
 * @throws DataError where an attack is of other pixels, another label or another class than its certificate
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

/** Images that an error lists. */
const MOST_LISTED = 10

/**
 * Refuses certificates that an attack contradicts.
 *
 * @param options.chance - α of a certificate and α of an attack, together
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

/** At radius 0 nothing but the image itself is certified, and the attack asks about others. */
function isBroken({ certified = 0, attacked }: ImageGap): boolean {
  return certified > 0 && attacked <= certified
}

/**
 * The share of images that are correct and that no attack within each radius has changed: an upper bound of the accuracy
 * that any certificate can have there, on these images.
 */
export function accuracyUnderAttack(gaps: readonly ImageGap[], radii: readonly number[]): number[] {
  return radii.map(
    radius => gaps.filter(({ correct, attacked }) => correct && attacked > radius).length / gaps.length,
  )
}

/** The share of images that are correct and certified at each radius: certified accuracy. */
export function accuracyWithCertificate(gaps: readonly ImageGap[], radii: readonly number[]): number[] {
  return radii.map(
    radius =>
      gaps.filter(({ correct, certified }) => correct && certified !== undefined && certified >= radius)
        .length / gaps.length,
  )
}
