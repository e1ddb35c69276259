import { certifiedAccuracy } from '../../analysis/certified-accuracy'
import { comparePaired } from '../../analysis/paired-comparison'
import { signedPoints } from '../../analysis/table/signed-points'
import type { Table } from '../../analysis/tables'
import type { CertificationRow } from '../../logs/certification-log'
import { ROUTER } from '../../logs/outcome'
import type { ArmOutcome, ExperimentOutcome } from '../outcome'

/** Returns the router, and the arms with one noise level each. */
function partsOf({ arms }: ExperimentOutcome): { router: ArmOutcome; singles: readonly ArmOutcome[] } {
  const router = arms.find(arm => arm.router !== undefined)
  if (router === undefined) throw new TypeError('The experiment has no arm with a router.')
  return { router, singles: arms.filter(arm => arm !== router) }
}

/** Returns the router minus the best noise level at each radius, averaged over seeds. */
export function bestSingleTable(outcome: ExperimentOutcome): Table {
  const { scale, indices, seeds } = outcome
  const { router, singles } = partsOf(outcome)
  const accuracyAt = ({ logs }: ArmOutcome, radius: number) =>
    logs.reduce((sum, rows) => sum + (certifiedAccuracy(rows, [radius])[0] ?? 0), 0) / logs.length
  const compared = new Map(
    singles.map(single => [single, comparePaired(router.logs, single.logs, { radii: scale.radii })]),
  )
  return {
    caption:
      `The router minus the best single noise level, image by image (${indices.length} images${seeds.length > 1 ? `, an image counting with its mean over ${seeds.length} seeds` : ''}), with the ends of 95 % ` +
      'bootstrap intervals over images; certified accuracy in percent, differences in percentage points',
    columns: [
      { header: 'r' },
      { header: 'best single' },
      { header: 'its accuracy', digits: 1 },
      { header: 'router', digits: 1 },
      { header: 'difference' },
    ],
    rows: scale.radii.map((radius, place) => {
      const best = singles.reduce((most, single) =>
        accuracyAt(single, radius) > accuracyAt(most, radius) ? single : most,
      )
      const at = compared.get(best)?.certifiedAccuracy[place]
      return [
        String(radius),
        best.label,
        100 * accuracyAt(best, radius),
        100 * accuracyAt(router, radius),
        at === undefined
          ? null
          : `${signedPoints(at.difference)} (${signedPoints(at.lower)} to ${signedPoints(at.upper)})`,
      ]
    }),
  }
}

/** Returns the router's choices, seed by seed: a router that chooses one noise level for almost all images does not pay. */
export function choiceTable(outcome: ExperimentOutcome): Table {
  const { seeds } = outcome
  const { router, singles } = partsOf(outcome)
  const share = (rows: readonly CertificationRow[], counts: (row: CertificationRow) => boolean) =>
    (100 * rows.filter(counts).length) / Math.max(1, rows.length)
  const choiceOf = ({ evidence }: CertificationRow) => evidence?.parts?.find(({ of }) => of === ROUTER)
  return {
    caption: 'What the router chose, in percent of the images, and which of its choices are certified',
    columns: [
      { header: 'seed', digits: 0 },
      ...singles.map(({ sigma }) => ({ header: `σ = ${sigma}`, digits: 1 })),
      { header: 'certified choice', digits: 1 },
      { header: 'all experts asked', digits: 1 },
    ],
    rows: seeds.map((seed, place) => {
      const rows = router.logs[place] ?? []
      return [
        seed,
        ...singles.map((_, expert) => share(rows, row => choiceOf(row)?.candidate === expert)),
        share(rows, row => (choiceOf(row)?.lowerBound ?? 0) >= 0.5),
        share(rows, ({ evidence }) => (evidence?.parts?.length ?? 0) > 1),
      ]
    }),
  }
}
