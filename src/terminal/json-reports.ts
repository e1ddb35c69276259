import type { RunWatcher } from '../runs/reports'

/** Writes each report of a run as one line of JSON to stdout, in the form of `metrics.jsonl`, and nothing else. */
export function jsonReports(): RunWatcher {
  const print = (kind: string, report: object) => console.log(JSON.stringify({ kind, ...report }))
  return {
    onUpdate: report => print('update', report),
    onEpoch: report => print('epoch', report),
  }
}
