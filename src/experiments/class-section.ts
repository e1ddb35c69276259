import { certifiedAccuracyPerClass } from '../analysis/certified-accuracy'
import type { ReportSection } from '../analysis/report'
import type { Table } from '../analysis/tables'
import type { ExperimentOutcome } from './outcome'

/** Shows certified accuracy of each class, at the first and the middle radius of the scale: averages hide classes that vanish. */
export function classSection({ arms, scale, samples }: ExperimentOutcome): ReportSection[] {
  const { radii } = scale
  const names = samples?.classes ?? []
  return [radii[0] ?? 0, radii[Math.floor(radii.length / 2)] ?? 0].map((radius, position) => ({
    kind: 'table',
    ...(position === 0 && { title: 'By class' }),
    table: classTable(arms, { names, radius }),
  }))
}

function classTable(
  arms: ExperimentOutcome['arms'],
  { names, radius }: { readonly names: readonly string[]; readonly radius: number },
): Table {
  const perArm = arms.map(
    ({ logs }) =>
      new Map(
        certifiedAccuracyPerClass(logs.flat(), [radius]).map(({ label, certifiedAccuracy: [accuracy] }) => [
          label,
          accuracy,
        ]),
      ),
  )
  const labels = new Set([...names.keys(), ...perArm.flatMap(byClass => [...byClass.keys()])])
  return {
    caption: `Certified accuracy in percent by class at r = ${radius}`,
    columns: [{ header: 'class' }, ...arms.map(({ label }) => ({ header: label, digits: 0 }))],
    rows: [...labels]
      .sort((a, b) => a - b)
      .map(label => [
        names[label] ?? String(label),
        ...perArm.map(byClass => {
          const accuracy = byClass.get(label)
          return accuracy === undefined ? null : 100 * accuracy
        }),
      ]),
  }
}
