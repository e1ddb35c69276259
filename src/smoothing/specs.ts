import type { ClassifierConfig, DataConfig, DenoiserConfig, TuningConfig } from '../config/schema'
import type { Spec } from '../torch'

/** What the Python side is asked to load, from the configuration: the same fields, but for how libraries call them. */

export function denoiserSpec({ dtype: _, ...fields }: Exclude<DenoiserConfig, { source: 'none' }>): Spec {
  return fields
}

/** @param tuning - Without it nothing is trained. */
export function classifierSpec(config: ClassifierConfig, tuning?: TuningConfig): Spec {
  return { ...config, tuning }
}

export function datasetSpec(config: DataConfig, split: 'train' | 'test'): Spec {
  if (config.source === 'digits') return { ...config, split }
  if (config.source === 'synthetic') return { ...config, workers: undefined, split }
  return { ...config, workers: undefined, split, augment: split === 'train' && config.augment }
}
