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
  // Workers are the loader's.
  const { workers: _, ...fields } = { workers: undefined, ...config }
  return { ...fields, split, ...('augment' in config && { augment: split === 'train' && config.augment }) }
}
