import { ABSTAIN } from '../../src/logs/abstain'
import type { CertificationRow } from '../../src/logs/certification-log'
import type { Finding } from '../../src/logs/outcome'

/** A log in short: [label, prediction, radius] of each image, 'abstain' for a row that does. */
export function rowsOf(
  ...images: (readonly [label: number, prediction: number | 'abstain', radius?: number])[]
): CertificationRow[] {
  return images.map(([label, prediction, radius = 0], index) => ({
    index,
    label,
    finding: findingOf(prediction, radius),
    prediction: prediction === 'abstain' ? ABSTAIN : prediction,
    radius,
    correct: prediction === label,
    durationMs: 1000,
  }))
}

function findingOf(prediction: number | 'abstain', radius: number): Finding {
  return prediction === 'abstain' ? { kind: 'abstains' } : { kind: 'certified', class: prediction, radius }
}
