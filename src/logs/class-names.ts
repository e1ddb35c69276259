import type { CertificationLog } from './certification-log-file'

/** What the log calls the logits, by their place; without some where it does not. */
export function classNamesOf({
  metadata,
}: Pick<CertificationLog, 'metadata'>): readonly (string | undefined)[] {
  const { classNames, logits } = Object(metadata?.configuration.data)
  if (!Array.isArray(classNames)) return []
  if (!Array.isArray(logits)) return classNames
  const names: string[] = []
  for (const [place, logit] of logits.entries()) names[logit] = classNames[place]
  return names
}

/**
 * What a reader is shown for a class: its name, with the number where two classes share it; the number where none names it.
 *
 * @param logs - of the same classes; the first that names them decides
 */
export function classTitles(logs: readonly Pick<CertificationLog, 'metadata'>[]): (label: number) => string {
  const names = logs.map(classNamesOf).find(({ length }) => length > 0) ?? []
  return label => {
    const name = names[label]
    if (typeof name !== 'string' || name === '') return String(label)
    return names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${label})`
  }
}
