import type { CertificationLog } from '../logs/certification-log-file'
import { classTitles } from '../logs/class-names'

/** Answers below which nothing is said: of few images one class may well get all. */
const FEWEST_ANSWERS = 10

/** The share of the answers from which on one class counts as the only answer. */
const NEARLY_ALL = 0.9

/** Classes that a note lists. */
const MOST_CLASSES = 5

/** The share of the images from which on their labels explain that. */
const EXPLAINED = 0.6

/**
 * That nearly all images of a log got the same class, though few of them have it. Certificates of such a classifier are right, and
 * worth nothing.
 */
export function oneClassNote(log: CertificationLog): string[] {
  const answers = log.rows.flatMap(({ label, finding }) =>
    'class' in finding ? [{ label, answer: finding.class }] : [],
  )
  const most = oneClassIn(answers.map(({ answer }) => answer))
  if (most === undefined || new Set(answers.map(({ label }) => label)).size < 2) return []
  const having = answers.filter(({ label }) => label === most.answer).length
  if (having >= EXPLAINED * answers.length) return []
  return [
    `${log.file}: ${most.count} of ${answers.length} answers are the class ${classTitles([log])(most.answer)}, which ${having} of these images have: under this noise the classifier hardly looks at the image. Fine-tune it, or lower sigma.`,
  ]
}

/** Returns the class that nearly all answers are, and how many; undefined if there is none, or there are few answers. */
export function oneClassIn(
  answers: readonly number[],
): { readonly answer: number; readonly count: number } | undefined {
  if (answers.length < FEWEST_ANSWERS) return undefined
  const counts = new Map<number, number>()
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1)
  const [most] = [...counts].filter(([, count]) => count >= NEARLY_ALL * answers.length)
  return most && { answer: most[0], count: most[1] }
}

/** Returns how many images have a certificate for a wrong class, by their own class; none if all are right, or for other procedures. */
export function wrongClassNote(log: CertificationLog): string[] {
  const stated = log.rows.flatMap(({ label, finding }) =>
    finding.kind === 'certified' || finding.kind === 'certified-at' ? [{ label, answer: finding.class }] : [],
  )
  const wrong = stated.filter(({ label, answer }) => label !== answer)
  if (wrong.length === 0) return []
  const titles = classTitles([log])
  const byClass = [...new Set(wrong.map(({ label }) => label))]
    .sort((first, second) => first - second)
    .map(own => {
      const count = (of: readonly { readonly label: number }[]) =>
        of.filter(({ label }) => label === own).length
      return `${titles(own)}: ${count(wrong)} of ${count(log.rows)} images`
    })
  const shown = byClass.slice(0, MOST_CLASSES)
  const more = byClass.length > shown.length ? `, and ${byClass.length - shown.length} more classes` : ''
  return [
    `${log.file}: ${wrong.length} of the ${stated.length} certificates ${wrong.length === 1 ? 'is' : 'are'} for a wrong class (${shown.join(', ')}${more}). The table counts these images as wrong.`,
  ]
}
