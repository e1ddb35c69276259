import type { EpochReport, UpdateReport } from './reports'

/** Returns a row of `metrics.jsonl`: a report with its metrics next to the trainer's own numbers. */
export function metricsRow(kind: 'update' | 'epoch', { metrics, ...report }: UpdateReport | EpochReport) {
  return { kind, ...report, ...metrics }
}
