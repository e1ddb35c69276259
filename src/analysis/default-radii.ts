import { labelRadius } from '../logs/certification-log'
import type { CertificationLog } from '../logs/certification-log-file'

/** Radii that a table has by default beside 0, at most: no curve of the paper has more than 16 quarters. */
const MOST_STEPS = 40

/** Steps between radii, in hundredths: the first of which two fit is taken. */
const STEPS = [25, 10, 5, 2, 1]

/**
 * The radii of a table where none are asked for: 0, then quarters up to the largest radius within which the label of an image is
 * certified. If less than two of these fit, the steps are smaller; if too many, a quarter is doubled. Of logs that decide at single
 * radii the largest is a column too, as no step need meet it.
 */
export function defaultRadii(logs: readonly Pick<CertificationLog, 'rows'>[]): number[] {
  const rows = logs.flatMap(log => log.rows)
  const largest = rows.reduce((most, row) => Math.max(most, labelRadius(row) ?? 0), 0)
  let step = STEPS.find(candidate => 2 * candidate <= 100 * largest) ?? 1
  while ((100 * largest) / step > MOST_STEPS) step *= 2
  const radii = [0]
  for (let radius = step; radius / 100 <= largest; radius += step) radii.push(radius / 100)
  const isSingle = rows.some(row => row.finding.kind === 'certified-at' && labelRadius(row) === largest)
  return isSingle && step < 25 && !radii.includes(largest) ? [...radii, largest] : radii
}
