import { metricsRow } from '../runs/metrics-row'
import type { RunWatcher } from '../runs/reports'

/** Writes each report of a run as one line of JSON to stdout, in the form of `metrics.jsonl`, and nothing else. */
export function jsonReports(): RunWatcher {
  return {
    onUpdate: report => console.log(JSON.stringify(metricsRow('update', report))),
    onEpoch: report => console.log(JSON.stringify(metricsRow('epoch', report))),
  }
}
