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

/** What a reader is shown for a class of the log: its name, with the number where two classes share it; the number where none names it. */
export function classTitles(log: Pick<CertificationLog, 'metadata'>): (label: number) => string {
  const names = classNamesOf(log)
  return label => {
    const name = names[label]
    if (typeof name !== 'string' || name === '') return String(label)
    return names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${label})`
  }
}
