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
  /** How votes are drawn and decided on. */
  readonly procedure: CertificationConfiguration['procedure']
  /** What the noise adds, see `drawnNoise`. */
  readonly noise?: JsonObject
  /** How many images the plan has. */
  readonly images: number
  readonly dataset: Pick<Dataset, 'description'>
  /** What the data set is. */
  readonly identity: DataIdentity
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

/** Which layer the noise stands after, and how much of it that is: a sensitivity is what features of images in [-1, 1] move. */
function noiseAfterOf({ front }: Smoothing): JsonObject {
  if (front.kind !== 'first-layer') return {}
  return { noiseAfter: { layer: front.layer, sensitivity: front.sensitivity } }
}
