import type { Cell, Table } from '../../analysis/tables'
import { isFolder } from '../../files/exists'
import { isReadable, listRuns, type RunSummary } from '../../runs/list-runs'
import { axisOf, shown } from '../../runs/report/curve-plans'
import type { PlannedRun } from './plan'

/** Returns the runs of a sweep with their current results, best first by the metric that selects the best epoch. */
export async function sweepTable(runs: readonly PlannedRun[]): Promise<Table> {
  const found = await Promise.all(runs.map(async run => ({ run, summary: await summaryOf(run) })))
  const fields = Object.keys(runs[0]?.settings ?? {})
  const evaluation = found.flatMap(({ summary }) => summary?.objective.evaluation ?? [])[0]
  const metric = evaluation?.metrics[evaluation.best.metric]
  const isSmallestBest = evaluation?.best.is === 'smallest'
  const bestValue = (summary: RunSummary | undefined) =>
    evaluation === undefined || metric === undefined
      ? null
      : shown(summary?.bestEpoch?.metrics[evaluation.best.metric] ?? null, metric)
  const worth = ({ summary }: (typeof found)[number]) => {
    const value = bestValue(summary)
    if (value === null || !Number.isFinite(value)) return Number.NEGATIVE_INFINITY
    return isSmallestBest ? -value : value
  }
  const ranked = [...found].sort((a, b) => worth(b) - worth(a))
  return {
    caption: `${runs.length} runs by ${metric === undefined ? 'their settings' : `${metric.label} on test images in the best epoch`}`,
    columns: [
      { header: 'run' },
      ...fields.map(header => ({ header })),
      { header: 'state' },
      ...(metric === undefined
        ? []
        : [
            {
              header: axisOf(metric),
              digits: metric.unit === 'share' ? 1 : 4,
              best: isSmallestBest ? ('smallest' as const) : ('largest' as const),
            },
            { header: 'epoch', digits: 0 },
          ]),
    ],
    rows: ranked.map(({ run, summary }): Cell[] => [
      run.name,
      ...fields.map(field => run.settings[field] ?? null),
      stateOf(summary),
      ...(metric === undefined ? [] : [bestValue(summary), summary?.bestEpoch?.epoch ?? null]),
    ]),
  }
}

async function summaryOf({ config }: PlannedRun): Promise<RunSummary | undefined> {
  if (!(await isFolder(config.output))) return undefined
  return (await listRuns(config.output)).find(isReadable)
}

function stateOf(summary: RunSummary | undefined): string {
  if (summary === undefined) return 'not begun'
  const { status, latest } = summary
  if (status.condition === 'finished' || latest === undefined) return status.condition
  return `${status.condition}, step ${latest.step} of ${latest.steps}`
}
