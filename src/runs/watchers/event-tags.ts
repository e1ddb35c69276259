import type { MetricTable, MetricValues } from '../../objectives/metrics'

/**
 * The scalars of TensorBoard: the numbers of a report under the tags of their metrics. The part before the slash groups
 * charts.
 */
export function scalarsOf(metrics: MetricTable, values: MetricValues): Record<string, number> {
  const scalars: Record<string, number> = {}
  for (const [key, { tag }] of Object.entries(metrics)) {
    const value = values[key]
    if (typeof value === 'number') scalars[tag] = value
  }
  return scalars
}

/** Under which the drawings of denoised test images stand. */
export const SAMPLES_TAG = 'samples/kept_and_hallucinated'
