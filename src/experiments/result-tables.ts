import { accuracyTable, acrBySeedTable, overSeeds } from '../analysis/accuracy-table'
import { averageCertifiedRadius, certifiedAccuracy } from '../analysis/certified-accuracy'
import { comparePaired, type PairedComparison } from '../analysis/paired-comparison'
import { PAPER, paperTable } from '../analysis/paper-tables'
import { signedPoints } from '../analysis/table/signed-points'
import type { Table } from '../analysis/tables'
import type { ArmOutcome, ExperimentOutcome } from './outcome'

/** Returns all tables of an experiment: first its main ones, then special ones, then the paper's own. */
export function resultTables(outcome: ExperimentOutcome): Table[] {
  const { arms, scale, seeds, experiment, norm } = outcome
  const compared = pairedTable(outcome)
  return [
    ...(experiment.leadingTables?.(outcome) ?? []),
    accuracyTable(arms, scale.radii, { norm }),
    ...(compared.rows.length > 0 ? [compared] : []),
    ...(seeds.length > 1 ? [acrBySeedTable(arms, { seeds })] : []),
    ...(experiment.tables?.(outcome) ?? []),
    ...besidePaper(outcome),
  ]
}

interface PairedArm {
  readonly arm: ArmOutcome
  readonly reference: ArmOutcome
  readonly comparison: PairedComparison
}

/** Returns the arm that the others of a noise level are compared with. */
export function pairedReference<One extends Pick<ArmOutcome, 'arm' | 'sigma'>>(
  { reference }: ExperimentOutcome['experiment'],
  arms: readonly One[],
  { sigma }: Pick<ArmOutcome, 'arm' | 'sigma'>,
): One | undefined {
  const keys = [reference, `${reference}-sigma-${sigma}`]
  return arms.find(other => other.sigma === sigma && keys.includes(other.arm.key))
}

/** Compares every arm with the reference of its noise level, on the same images under the same noise. */
export function pairedArms({ arms, experiment, scale }: ExperimentOutcome): PairedArm[] {
  return arms.flatMap(arm => {
    const reference = pairedReference(experiment, arms, arm)
    if (reference === undefined || reference === arm) return []
    return [{ arm, reference, comparison: comparePaired(arm.logs, reference.logs, { radii: scale.radii }) }]
  })
}

function pairedTable(outcome: ExperimentOutcome): Table {
  const { scale, seeds, indices } = outcome
  const over = seeds.length > 1 ? ', an image counting with its mean over seeds' : ''
  return {
    caption:
      `Differences to the reference, image by image (${indices.length} images${over}), with the ends of 95 % bootstrap intervals over ` +
      'images; certified accuracy in percentage points',
    columns: [
      { header: 'arm' },
      { header: 'minus' },
      ...scale.radii.map(radius => ({ header: `r = ${radius}` })),
      { header: 'ACR', digits: 3, signed: true },
      { header: 'from', digits: 3, signed: true },
      { header: 'to', digits: 3, signed: true },
    ],
    rows: pairedArms(outcome).map(({ arm, reference, comparison }) => {
      const { difference, lower, upper } = comparison.averageCertifiedRadius
      return [
        arm.label,
        reference.label,
        ...comparison.certifiedAccuracy.map(
          at => `${signedPoints(at.difference)} (${signedPoints(at.lower)} to ${signedPoints(at.upper)})`,
        ),
        difference,
        lower,
        upper,
      ]
    }),
  }
}

/** Returns the paper's values for the arms at its radii, and ours at ours; nothing if it has none. */
function besidePaper({ arms, scale }: ExperimentOutcome): Table[] {
  const found = arms.flatMap(({ label, logs, arm }) => {
    if (arm.paper === undefined) return []
    const table = paperTable(arm.paper.table)
    const row = table.rows[arm.paper.row]
    return row === undefined ? [] : [{ label, logs, table, row }]
  })
  const [first] = found
  if (first === undefined) return []
  const { table } = first
  const isL2 = table.norm.kind === 'l2'
  return [
    {
      caption: `${table.title} of the paper (${PAPER}), certified accuracy in percent, beside the ACR and the clean accuracy of ours (${scale.name})`,
      columns: [
        { header: 'arm' },
        { header: 'ACR, ours', digits: 3 },
        { header: 'ACR, paper', digits: 3 },
        ...(isL2 ? [{ header: 'r = 0, ours', digits: 1 }] : []),
        ...(isL2
          ? table.radii.map(radius => ({ header: `r = ${radius}, paper`, digits: 1 }))
          : [{ header: 'robust, paper', digits: 1 }]),
        { header: 'row of the paper' },
      ],
      rows: found.map(({ label, logs, row }) => [
        label,
        overSeeds(logs.map(averageCertifiedRadius)),
        row.acr,
        ...(isL2 ? [overSeeds(logs.map(rows => 100 * (certifiedAccuracy(rows, [0])[0] ?? 0)))] : []),
        ...row.accuracies,
        row.label,
      ]),
    },
  ]
}
