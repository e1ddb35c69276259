import { toSymmetric } from '../smoothing/denoise'
import type { Smoothing } from '../smoothing/smoothing'
import { type Dataset, select, type Tensor } from '../torch'
import type { AdaptiveCertification } from './adaptive'
import type { BatchSize } from './batch-size'
import { type AdaptiveImageCertificate, certifyAdaptively } from './certify-adaptively'
import { type CertifyImageOptions, certifyStages, imageStream, recordStages } from './certify-image'
import type { Certificate } from './statistics'

export interface CertifyDatasetImageOptions
  extends Pick<CertifyImageOptions, 'index' | 'seed' | 'n0' | 'n' | 'alpha'> {
  /** σ of the radius. */
  readonly certifiedSigma: number
  readonly batch: BatchSize
  /** Decides how many votes an image takes. Default: n. */
  readonly adaptive: AdaptiveCertification | undefined
}

export interface LabelledCertificates {
  readonly label: number
  /** Of each classifier. */
  readonly certificates: readonly (Certificate | AdaptiveImageCertificate)[]
}

/** Certifies an image of a data set: in one program, or where votes are adaptive in a few. */
export async function certifyDatasetImage(
  smoothing: Smoothing,
  dataset: Dataset,
  options: CertifyDatasetImageOptions,
): Promise<LabelledCertificates> {
  const { adaptive, batch } = options
  return adaptive === undefined
    ? batch.run(size => certifyAtOnce(smoothing, dataset, { ...options, size }))
    : certifyInSteps(smoothing, dataset, { ...options, adaptive })
}

async function certifyAtOnce(
  smoothing: Smoothing,
  dataset: Dataset,
  { index, alpha, certifiedSigma, size, n0, n, seed }: CertifyDatasetImageOptions & { readonly size: number },
): Promise<LabelledCertificates> {
  const { labels, ...votes } = await dataset.session.compute(() => {
    const { image_CHW, labels_B } = imageOf(dataset, index)
    const classes = dataset.description.classes.length
    const options = { n0, n, batch: size, classes, stream: imageStream({ seed, index }) }
    return { labels: labels_B, ...recordStages(smoothing, toSymmetric(image_CHW), options) }
  })
  return {
    label: labels[0] ?? -1,
    certificates: certifyStages(votes, { n0, n, alpha, sigma: certifiedSigma }),
  }
}

/** One classifier after the other, since each decides for itself how many votes it takes. */
async function certifyInSteps(
  smoothing: Smoothing,
  dataset: Dataset,
  {
    index,
    adaptive,
    n0,
    seed,
    batch,
  }: CertifyDatasetImageOptions & { readonly adaptive: AdaptiveCertification },
): Promise<LabelledCertificates> {
  const { session } = dataset
  const { image_CHW, labels_B } = session.scope(() => {
    const image = imageOf(dataset, index)
    return { ...image, image_CHW: toSymmetric(image.image_CHW) }
  })
  try {
    const labels = session.read(labels_B)
    const certificates: AdaptiveImageCertificate[] = []
    for (const classifier of smoothing.classifiers) {
      const classes = dataset.description.classes.length
      const options = { certification: adaptive, n0, batch, classes, stream: imageStream({ seed, index }) }
      certificates.push(
        await certifyAdaptively({ ...smoothing, classifiers: [classifier] }, image_CHW, options),
      )
    }
    const [label = -1] = await labels
    return { label, certificates }
  } finally {
    session.free([image_CHW, labels_B])
  }
}

/** One image in [0, 1]. */
export function imageOf(
  dataset: Dataset,
  index: number,
): { readonly image_CHW: Tensor<'CHW'>; readonly labels_B: Tensor<'B'> } {
  const { images_BCHW, labels_B } = dataset.images([index])
  return { image_CHW: select(images_BCHW, 'B', 0), labels_B }
}
