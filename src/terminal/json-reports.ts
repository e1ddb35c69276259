import { metricsRow } from '../runs/metrics-row'
import type { RunWatcher } from '../runs/reports'
import { printData } from './print'

/** Writes each report of a run as one line of JSON to stdout, in the form of `metrics.jsonl`, and nothing else. */
export function jsonReports(): RunWatcher {
  return {
    onUpdate: report => printData(JSON.stringify(metricsRow('update', report))),
    onEpoch: report => printData(JSON.stringify(metricsRow('epoch', report))),
  }
}
