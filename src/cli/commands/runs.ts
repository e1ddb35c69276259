import { relative } from 'node:path'
import type { Command } from 'commander'
import type { Cell, Table } from '../../analysis/tables'
import type { MetricDescription } from '../../objectives/metrics'
import type { RunSummary, UnreadableRun } from '../../runs/list-runs'
import { axisOf, shown } from '../../runs/report/curve-plans'
import { print, printData, printLine, say } from '../../terminal/print'
import { formatDuration } from '../../terminal/training-line'

export function addRunsCommand(program: Command): void {
  program
    .command('runs')
    .description('list the fine-tuning runs below a folder: state, epoch, last metrics, checkpoints')
    .argument('[folder]', 'folder to search', 'runs')
    .option('--json', 'print one JSON array')
    .action(async (folder: string, { json }: { json?: boolean }) => {
      const { isReadable, listRuns } =
        require('../../runs/list-runs') as typeof import('../../runs/list-runs')
      const runs = await listRuns(folder)
      if (json) return printData(JSON.stringify(runs.map(plainRun), null, 2))
      const { renderTable } = require('../../analysis/tables') as typeof import('../../analysis/tables')
      const readable = runs.filter(isReadable)
      if (runs.length === 0) printLine(`${folder} has no runs.`)
      if (readable.length > 0) print(renderTable(runsTable(readable, folder), 'terminal'))
      for (const run of runs) {
        if (!isReadable(run)) say(`unreadable: ${run.problem}`)
        else {
          if (run.status.message !== undefined) printLine(`${run.folder}: ${run.status.message}`)
          if (run.unsaid !== undefined) printLine(`note: ${run.unsaid}`)
        }
      }
    })
}

function runsTable(runs: readonly RunSummary[], folder: string): Table {
  const now = Date.now()
  const metrics = Object.entries<MetricDescription>(
    Object.assign({}, ...runs.map(({ objective }) => objective.evaluation.metrics)),
  )
  const hasHooks = runs.some(({ hooks }) => Object.keys(hooks ?? {}).length > 0)
  return {
    caption: `Runs in ${folder}, evaluation on test images, shares in percent`,
    columns: [
      { header: 'run' },
      { header: 'state' },
      { header: 'epoch', digits: 0 },
      { header: 'step', digits: 0 },
      { header: 'loss', digits: 3 },
      ...metrics.map(([, metric]) => ({ header: axisOf(metric), digits: metric.unit === 'share' ? 1 : 4 })),
      { header: 'best (epoch)', digits: 0 },
      { header: 'checkpoints', digits: 0 },
      ...(hasHooks ? [{ header: 'hooks' }] : []),
      { header: 'written' },
    ],
    rows: runs.map(({ folder: path, status, latest, latestEpoch, checkpointBytes, ...run }): Cell[] => [
      relative(folder, path) || path,
      status.condition,
      latest === undefined ? null : `${latest.epoch}/${latest.epochs}`,
      latest === undefined ? null : `${latest.step}/${latest.steps}`,
      latest?.loss ?? null,
      ...metrics.map(([key, metric]) => shown(latestEpoch?.metrics[key] ?? null, metric)),
      formatBest(run),
      formatBytes(checkpointBytes),
      ...(hasHooks ? [formatHooks(run.hooks)] : []),
      `${formatDuration(now - status.updatedAt.getTime())} ago`,
    ]),
  }
}

/** Formats the best epoch by the metric of the objective; null before the first, and if no metric decides. */
function formatBest({ bestEpoch, objective }: Pick<RunSummary, 'bestEpoch' | 'objective'>): string | null {
  const { best, metrics } = objective.evaluation
  if (bestEpoch === undefined || best.is === 'newest') return null
  const value = shown(bestEpoch.metrics[best.metric] ?? null, metrics[best.metric] ?? {})
  return `${value?.toFixed(metrics[best.metric]?.unit === 'share' ? 1 : 4) ?? '–'} (${bestEpoch.epoch})`
}

/** Formats the functions of the script; null if the run does not record whether it has any. */
function formatHooks(hooks: RunSummary['hooks']): string | null {
  if (hooks === null) return null
  const { showHook } = require('../../config/hook-trace') as typeof import('../../config/hook-trace')
  const shown = Object.entries(hooks).map(([name, trace]) => `${name}: ${showHook(trace)}`)
  return shown.length === 0 ? 'none' : shown.join('; ')
}

function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/** Returns a run as JSON, with its last reports in full. */
function plainRun(run: RunSummary | UnreadableRun) {
  if ('problem' in run) return { folder: run.folder, state: 'unreadable', problem: run.problem }
  const { folder, status, latest, latestEpoch, bestEpoch, hooks, checkpointBytes } = run
  const { condition, updatedAt, message } = status
  return {
    folder,
    state: condition,
    updatedAt,
    message,
    latest,
    latestEpoch,
    bestEpoch,
    hooks,
    checkpointBytes,
  }
}
