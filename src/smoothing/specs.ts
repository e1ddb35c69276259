import type { ClassifierConfig, DataConfig, DenoiserConfig, TuningConfig } from '../config/schema'
import type { Spec } from '../torch'

/** Specs for the Python side, from the configuration: the same fields, except for the libraries' own names. */

export function denoiserSpec({ dtype: _, ...fields }: Exclude<DenoiserConfig, { source: 'none' }>): Spec {
  return fields
}

/** @param tuning - Without it nothing is trained. */
export function classifierSpec(config: ClassifierConfig, tuning?: TuningConfig): Spec {
  return { ...config, tuning }
}

export function datasetSpec(config: DataConfig, split: 'train' | 'test'): Spec {
  // Workers belong to the loader.
  const { workers: _, ...fields } = { workers: undefined, ...config }
  return { ...fields, split, ...('augment' in config && { augment: split === 'train' && config.augment }) }
}
