import { createHash } from 'node:crypto'
import type { CertificationConfig } from '../config/schema'
import type { CertificationConfiguration, JsonObject } from '../logs/certification-log-metadata'
import { levelOf, type Smoothing } from '../smoothing/smoothing'
import type { Bound } from '../statistics/bound'
import type { Dataset, Dtype } from '../torch'
import type { Guarantee } from './guarantee'
import type { ProcedureSettings } from './procedure'

export interface LogConfigurationOptions {
  readonly smoothing: Smoothing
  readonly guarantee: Guarantee
  readonly bound: Bound
  readonly procedure: ProcedureSettings
  /** How many images the plan has. */
  readonly images: number
  readonly dataset: Pick<Dataset, 'description'>
  readonly denoiserDtype: Dtype | null
  /** What identifies the classifier. */
  readonly name: string
  /** Hashes of the networks' weights. */
  readonly models?: JsonObject | undefined
  /** Where the images are from and how they are cropped. */
  readonly data?: JsonObject | undefined
}

/** Everything that decides the rows of a log. */
export function configurationOf(
  certification: CertificationConfig,
  { smoothing, guarantee, bound, procedure, images, ...others }: LogConfigurationOptions,
): CertificationConfiguration {
  const { n0, n, alpha, seed, radiusSigma, familyWise } = certification
  const { dtype, autocast, tf32, channelsLast, compile } = certification
  const { name, models, data, dataset, denoiserDtype } = others
  const { classes, imageShape, length } = dataset.description
  return {
    classifier: name,
    sigma: smoothing.sigma,
    realisedSigma: levelOf(smoothing)?.realisedSigma ?? null,
    radiusSigma,
    certifiedSigma: guarantee.certifiedSigma,
    norm: bound.norm,
    bound: bound.kind,
    procedure,
    n0,
    n,
    alpha: guarantee.alpha,
    ...(familyWise ? { familyWise: { alpha, images } } : {}),
    seed,
    arithmetic: { dtype, denoiserDtype, autocast, tf32, channelsLast, compile },
    data: {
      ...{ images: length, classes: classes.length, imageShape, digest: dataDigest(classes, length) },
      ...data,
    },
    ...(models === undefined ? {} : { models }),
  }
}

/** Names a data set by what is known of it before an image is read: the classes in their order, and how many images. */
export function dataDigest(classes: readonly string[], images: number): string {
  return createHash('sha256')
    .update(JSON.stringify([classes, images]))
    .digest('hex')
    .slice(0, 16)
}
