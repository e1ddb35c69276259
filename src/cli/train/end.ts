import { join } from 'node:path'
import { givesClasses } from '../../config/methods/trained'
import type { AnyRunConfig } from '../../config/schema'
import { bestEpoch } from '../../runs/list-runs'
import { readLatestMetrics } from '../../runs/read-metrics'
import { readRunMetadata } from '../../runs/read-run'
import { formatValue } from '../../terminal/training-line'
import { shellWord } from '../shell-word'

/** What a training prints at its end, as lines. */

/** The last and the best epoch of a run by the metric that chooses the best; nothing where it was not measured. */
export async function evaluationLines(folder: string): Promise<string[]> {
  const { metrics, best: by } = (await readRunMetadata(folder)).objective.evaluation
  const metric = metrics[by.metric]
  const { epochs } = await readLatestMetrics(join(folder, 'metrics.jsonl'))
  const [last, best] = [epochs.at(-1), bestEpoch(epochs, by)]
  const [latest, highest] = [last, best].map(epoch => epoch?.metrics[by.metric])
  if (metric === undefined || last === undefined || typeof latest !== 'number') return []
  const ofLast = `${metric.label}: ${formatValue(latest, metric, 1)} after the last epoch`
  if (by.is === 'newest' || best === undefined || typeof highest !== 'number') return [ofLast]
  if (best.epoch === last.epoch) return [`${ofLast}, the best`]
  return [`${ofLast}, ${formatValue(highest, metric, 1)} after epoch ${best.epoch}, the best`]
}

/** The commands that use what was trained, on its own. */
export function nextCommands(
  { output, method, classifier }: Pick<AnyRunConfig, 'output' | 'method' | 'classifier'>,
  { isCertified }: { readonly isCertified: boolean },
): string[] {
  if (!givesClasses(method.kind) || classifier.source === 'none') return []
  const run = shellWord(output)
  return [
    ...(isCertified ? [] : [`certify it: npx ft-cadis certify ${run}`]),
    `classify:   npx ft-cadis predict --model ${run} <images>`,
  ]
}
