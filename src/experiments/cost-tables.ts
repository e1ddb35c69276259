import { overSeeds } from '../analysis/accuracy-table'
import { averageCertifiedRadius } from '../analysis/certified-accuracy'
import { PAPER, paperCosts } from '../analysis/paper-tables'
import type { Table } from '../analysis/tables'
import type { UpdateReport } from '../runs/reports'
import { median } from '../statistics/median'
import type { ExperimentOutcome } from './outcome'

/** Returns ACR, the trained part, and its cost (Tables 4 and 16). */
export function costTable({ arms }: ExperimentOutcome): Table {
  return {
    caption:
      'What fine-tuning takes: time of the updates on the machine that trained, and the median of one update. Other programs on ' +
      'that machine slow all arms',
    columns: [
      { header: 'arm' },
      { header: 'ACR', digits: 3 },
      { header: 'trainable', digits: 0 },
      { header: 'updates', digits: 0 },
      { header: 'training (s)', digits: 0 },
      { header: 'median update (ms)', digits: 0 },
    ],
    rows: arms.map(({ label, logs, updates, training }) => {
      const [first = []] = updates
      return [
        label,
        overSeeds(logs.map(averageCertifiedRadius)),
        training?.trainableParameters ?? 0,
        first.length,
        updates.length === 0 ? 0 : overSeeds(updates.map(trainingSeconds)),
        updates.length === 0 ? null : overSeeds(updates.map(medianUpdateMs)),
      ]
    }),
  }
}

function trainingSeconds(updates: readonly UpdateReport[]): number {
  return updates.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000
}

export function medianUpdateMs(updates: readonly Pick<UpdateReport, 'durationMs'>[]): number {
  return median(updates.map(({ durationMs }) => durationMs))
}

/** Returns Table 16. */
export function paperCostTable(): Table {
  return {
    caption: `Table 16 of the paper (${PAPER}): ImageNet, σ = 0.5`,
    columns: [
      { header: 'method' },
      { header: 'ACR', digits: 3 },
      { header: 'trainable', digits: 0 },
      { header: 'GPU days', digits: 1 },
    ],
    rows: paperCosts().map(({ method, acr, trainable, gpuDays }) => [method, acr, trainable, gpuDays]),
  }
}
