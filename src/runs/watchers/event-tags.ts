import { isObject } from '../../files/read-json'
import type { MetricTable, MetricValues } from '../../objectives/metrics'

/** Groups that TensorBoard shows first, in this order; it sorts by name. */
const FIRST_GROUPS = ['loss', 'test', 'train', 'denoised']

/**
 * Returns the scalars for TensorBoard: the numbers of a report under the tags of their metrics. The part before the slash
 * groups charts.
 */
export function scalarsOf(metrics: MetricTable, values: MetricValues): Record<string, number> {
  const scalars: Record<string, number> = {}
  for (const [key, { tag }] of Object.entries(metrics)) {
    const value = values[key]
    if (typeof value === 'number') scalars[orderedTag(tag)] = value
  }
  return scalars
}

/** Returns `1_loss/total` for `loss/total`, so that TensorBoard opens on the losses. */
export function orderedTag(tag: string): string {
  const place = FIRST_GROUPS.indexOf(tag.split('/')[0] ?? '')
  return place === -1 ? tag : `${place + 1}_${tag}`
}

/** Settings by which runs are not compared: where and how a run computes, and what follows it. */
const NOT_COMPARED = ['output', 'device', 'threads', 'checkpoints', 'certification']

/**
 * Returns the settings by which the tab HParams compares runs, one value per field: `method.lambda`. Lists and booleans
 * are JSON.
 */
export function comparedSettings(config: object): Record<string, string | number> {
  const settings: Record<string, string | number> = {}
  const add = (value: unknown, path: string) => {
    if (NOT_COMPARED.includes(path) || value === undefined) return
    if (isObject(value)) {
      for (const [name, inner] of Object.entries(value)) add(inner, path === '' ? name : `${path}.${name}`)
    } else
      settings[path] = typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value)
  }
  add(config, '')
  return settings
}

/** Tag of the drawings of denoised test images. */
export const SAMPLES_TAG = 'samples/kept_and_hallucinated'
