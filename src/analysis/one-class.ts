import type { CertificationLog } from '../logs/certification-log-file'
import { classTitles } from '../logs/class-names'

/** Answers below which nothing is said: of few images one class may well get all. */
const FEWEST_ANSWERS = 10

/** The share of the answers from which on one class counts as the only answer. */
const NEARLY_ALL = 0.9

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
