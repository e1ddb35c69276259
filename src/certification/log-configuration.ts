import type { CertificationConfig } from '../config/schema'
import type { CertificationConfiguration, JsonObject } from '../logs/certification-log-metadata'
import { levelOf, type Smoothing } from '../smoothing/smoothing'
import type { Bound } from '../statistics/bound'
import { STREAMS_VERSION } from '../streams'
import type { DataIdentity, Dataset, Dtype } from '../torch'
import type { Guarantee } from './guarantee'

export interface LogConfigurationOptions {
  readonly smoothing: Smoothing
  readonly guarantee: Guarantee
  readonly bound: Bound
  /** How votes are drawn and decided. */
  readonly procedure: CertificationConfiguration['procedure']
  /** Fields for the noise, see `drawnNoise`. */
  readonly noise?: JsonObject
  /** Number of images in the plan. */
  readonly images: number
  readonly dataset: Pick<Dataset, 'description'>
  /** The identity of the data set. */
  readonly identity: DataIdentity
  readonly denoiserDtype: Dtype | null
  /** The identity of the classifier. */
  readonly name: string
  /** Hashes of the networks' weights. */
  readonly models?: JsonObject | undefined
  /** Source and crop of the images. */
  readonly data?: JsonObject | undefined
}

/** Returns everything that determines the rows of a log. */
export function configurationOf(
  certification: CertificationConfig,
  { smoothing, guarantee, bound, procedure, images, noise = {}, ...others }: LogConfigurationOptions,
): CertificationConfiguration {
  const { n0, n, alpha, seed, radiusSigma, familyWise, purify, confidence } = certification
  const { dtype, autocast, tf32, channelsLast, compile } = certification
  const { name, models, data, dataset, identity, denoiserDtype } = others
  const { logits, imageShape } = dataset.description
  return {
    classifier: name,
    sigma: smoothing.sigma,
    realisedSigma: levelOf(smoothing)?.realisedSigma ?? null,
    ...noiseAfterOf(smoothing),
    radiusSigma,
    certifiedSigma: guarantee.certifiedSigma,
    norm: bound.norm,
    bound: bound.kind,
    ...noise,
    ...(purify.kind === 'once' ? {} : { purify }),
    ...(confidence === 'clopper-pearson' ? {} : { confidence }),
    procedure,
    n0,
    n,
    alpha: guarantee.alpha,
    ...(familyWise ? { familyWise: { alpha, images } } : {}),
    seed,
    streams: STREAMS_VERSION,
    arithmetic: { dtype, denoiserDtype, autocast, tf32, channelsLast, compile },
    data: {
      ...{ images: identity.images, classes: identity.classes.length, classNames: identity.classes },
      ...(logits === null ? {} : { logits }),
      ...{ imageShape, digest: identity.digest },
      ...data,
    },
    ...(models === undefined ? {} : { models }),
  }
}

/**
 * Returns the layer before the noise, and the amount of noise: a sensitivity is the movement of features per movement of images in [-1, 1].
 */
function noiseAfterOf({ front }: Smoothing): JsonObject {
  if (front.kind !== 'first-layer') return {}
  return { noiseAfter: { layer: front.layer, sensitivity: front.sensitivity } }
}
