import type { EpochReport, UpdateReport } from './reports'

/** A row of `metrics.jsonl`: a report with its metrics beside the trainer's own numbers. */
export function metricsRow(kind: 'update' | 'epoch', { metrics, ...report }: UpdateReport | EpochReport) {
  return { kind, ...report, ...metrics }
}
