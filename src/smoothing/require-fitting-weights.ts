import type { CertificationRunConfig, ClassifierConfig } from '../config/schema'
import { ConfigError } from '../errors'
import { requireSelectorHead } from './check-classes'
import {
  isSameNormalisation,
  type StatedByWeights,
  type StatedFact,
  showNormalisation,
  statedBy,
} from './stated-by-weights'

/**
 * Checks from the files of off-the-shelf weights, before any are loaded, that the members of an ensemble state the same classes, size and
 * normalisation, and that a selector states two classes. Members share every setting of the classifier, so these would be wrong for some.
 *
 * @throws ConfigError with both values and their files
 */
export async function requireFittingWeights({
  classifier,
  checkpoint,
  ensemble,
  aces,
}: Pick<CertificationRunConfig, 'classifier' | 'checkpoint' | 'ensemble' | 'aces'>): Promise<void> {
  // A checkpoint was trained with the settings of its run.
  const paths = [{ path: classifier.path, checkpoint }, ...(ensemble?.others ?? [])].flatMap(member =>
    member.path === undefined || member.checkpoint !== undefined ? [] : [member.path],
  )
  const [first, ...others] = await Promise.all(
    (ensemble === undefined ? [] : paths).map(path => statedBy({ ...classifier, path } as ClassifierConfig)),
  )
  for (const other of others) {
    const differences = differencesOf(first ?? {}, other)
    if (differences.length === 0) continue
    throw new ConfigError(`The weights of the ensemble do not go together:\n${differences.join('\n')}\n`, {
      remedy:
        'Give --classifier or ensemble.others with the same classes, size and normalisation: members share classifier.inputRange and classifier.resize. If a file is wrong, correct it.',
    })
  }
  const { selector } = aces ?? {}
  if (selector === undefined || selector.checkpoint !== undefined) return
  const { classes } = await statedBy(selector.classifier)
  requireSelectorHead(selector.classifier.numClasses ?? classes?.value ?? 2)
}

function differencesOf(one: StatedByWeights, other: StatedByWeights): string[] {
  const size = (value: readonly number[]) => value.join(' × ')
  return [
    ...difference('classes', [one.classes, other.classes], String),
    ...difference('image size', [one.imageSize, other.imageSize], size),
    ...difference(
      'normalisation',
      [one.normalisation, other.normalisation],
      showNormalisation,
      isSameNormalisation,
    ),
  ]
}

function difference<T>(
  what: string,
  [one, other]: readonly [StatedFact<T> | undefined, StatedFact<T> | undefined],
  show: (value: T) => string,
  isSame = (a: T, b: T) => show(a) === show(b),
): string[] {
  if (one === undefined || other === undefined || isSame(one.value, other.value)) return []
  return [`  ${what}: ${show(one.value)} in ${one.file}, ${show(other.value)} in ${other.file}`]
}
