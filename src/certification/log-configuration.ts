import type { CertificationConfiguration, JsonObject } from '../logs/certification-log-facts'
import type { Statement } from '../smoothing/statement'
import type { Dataset, Dtype } from '../torch'
import type { AdaptiveSettings } from './adaptive-settings'
import type { CertifyDatasetOptions } from './certify-dataset'

/** Everything that decides the rows of a log. */
export function configurationOf(
  options: CertifyDatasetOptions,
  {
    statement: { level, certifiedSigma, alpha },
    adaptive,
    name,
    models,
    dataset,
    denoiserDtype,
  }: {
    statement: Statement
    adaptive: AdaptiveSettings | undefined
    name: string
    models: JsonObject | undefined
    dataset: Dataset
    denoiserDtype: Dtype | null
  },
): CertificationConfiguration {
  const { classes, imageShape, length } = dataset.description
  const { familyWise = false } = options
  return {
    classifier: name,
    sigma: options.sigma,
    realisedSigma: level?.realisedSigma ?? null,
    certifySigma: options.certifySigma ?? 'nominal',
    certifiedSigma,
    n0: options.n0,
    n: options.n,
    alpha,
    ...(familyWise ? { familyWise: { alpha: options.alpha, images: options.indices.length } } : {}),
    ...(adaptive === undefined ? {} : { adaptive }),
    seed: options.seed,
    dtype: options.dtype,
    denoiserDtype,
    autocast: options.autocast ?? 'none',
    tf32: options.tf32 ?? false,
    channelsLast: options.channelsLast ?? false,
    compile: options.compile ?? false,
    data: { images: length, classes: classes.length, imageShape, ...options.data },
    ...(models === undefined ? {} : { models }),
  }
}
