import { ABSTAIN } from '../../src/logs/abstain'
import type { CertificationRow } from '../../src/logs/certification-log'

/** A log in short: [label, prediction, radius] of each image, 'abstain' for a row that does. */
export function rowsOf(
  ...images: (readonly [label: number, prediction: number | 'abstain', radius?: number])[]
): CertificationRow[] {
  return images.map(([label, prediction, radius = 0], index) => ({
    index,
    label,
    prediction: prediction === 'abstain' ? ABSTAIN : prediction,
    radius,
    correct: prediction === label,
    durationMs: 1000,
  }))
}
