import { relative } from 'node:path'
import type { Command } from 'commander'
import type { Cell, Table } from '../../analysis/tables'
import type { RunSummary, UnreadableRun } from '../../runs/list-runs'
import type { EpochReport } from '../../runs/reports'
import { formatDuration } from '../../terminal/training-line'

export function addRunsCommand(program: Command): void {
  program
    .command('runs')
    .description('list the fine-tuning runs below a folder: state, epoch, last metrics, checkpoints')
    .argument('[folder]', 'folder to look in', 'runs')
    .option('--json', 'print one JSON array')
    .action(async (folder: string, { json }: { json?: boolean }) => {
      const { isReadable, listRuns } =
        require('../../runs/list-runs') as typeof import('../../runs/list-runs')
      const runs = await listRuns(folder)
      if (json) return console.log(JSON.stringify(runs.map(plainRun), null, 2))
      const { renderTable } = require('../../analysis/tables') as typeof import('../../analysis/tables')
      const readable = runs.filter(isReadable)
      if (runs.length === 0) console.log(`There is no run in ${folder}.`)
      if (readable.length > 0) console.log(renderTable(runsTable(readable, folder), 'terminal'))
      for (const run of runs) {
        if (!isReadable(run)) console.error(`unreadable: ${run.problem}`)
        else if (run.status.message !== undefined) console.log(`${run.folder}: ${run.status.message}`)
      }
    })
}

function runsTable(runs: readonly RunSummary[], folder: string): Table {
  const now = Date.now()
  return {
    caption: `Runs in ${folder}, accuracy in percent on clean and on denoised test images`,
    columns: [
      { header: 'run' },
      { header: 'state' },
      { header: 'epoch', digits: 0 },
      { header: 'step', digits: 0 },
      { header: 'loss', digits: 3 },
      { header: 'clean', digits: 1 },
      { header: 'denoised', digits: 1 },
      { header: 'best (epoch)', digits: 0 },
      { header: 'checkpoints', digits: 0 },
      { header: 'written' },
    ],
    rows: runs.map(({ folder: path, status, latest, latestEpoch, bestEpoch, checkpointBytes }): Cell[] => [
      relative(folder, path) || path,
      status.condition,
      latest === undefined ? null : `${latest.epoch}/${latest.epochs}`,
      latest === undefined ? null : `${latest.step}/${latest.steps}`,
      latest?.loss ?? null,
      percent(latestEpoch?.clean),
      percent(latestEpoch?.denoised),
      bestEpoch === undefined ? null : formatBest(bestEpoch),
      formatBytes(checkpointBytes),
      `${formatDuration(now - status.updatedAt.getTime())} ago`,
    ]),
  }
}

function formatBest({ denoised, epoch }: EpochReport): string {
  return `${(100 * denoised).toFixed(1)} (${epoch})`
}

function percent(share: number | undefined): number | null {
  return share === undefined ? null : 100 * share
}

function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/** A run as JSON: the last reports whole. */
function plainRun(run: RunSummary | UnreadableRun) {
  if ('problem' in run) return { folder: run.folder, state: 'unreadable', problem: run.problem }
  const { folder, status, latest, latestEpoch, bestEpoch, checkpointBytes } = run
  const { condition, updatedAt, message } = status
  return { folder, state: condition, updatedAt, message, latest, latestEpoch, bestEpoch, checkpointBytes }
}
