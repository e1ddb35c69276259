import { type CertificationConfiguration, CertificationLogWriter } from '../analysis/certification-log-file'
import type { NoiseLevel } from '../method/noise-level'
import { toSymmetric } from '../method/objective'
import { type Classifier, type Dataset, type Denoiser, select } from '../torch'
import { type CertifyImageOptions, certifyImage } from './certify-image'
import type { Certificate } from './statistics'

/** A base classifier to certify, and where its rows go. */
export interface CertifiedArm {
  readonly classifier: Classifier
  /** Path of the log; `<log>.json` beside it says how its rows were certified. */
  readonly log: string
  /** What identifies the classifier: decides its rows, and so belongs to the log's configuration. */
  readonly name: string
}

export interface CertifyDatasetOptions
  extends Pick<CertifyImageOptions, 'n0' | 'n' | 'alpha' | 'batch' | 'seed' | 'sigma'> {
  readonly level: NoiseLevel
  /** Images by their position in the data set, in the order in which they are certified. */
  readonly indices: readonly number[]
  /** Number type that the classifiers compute in, for the log. */
  readonly dtype: string
  /** Called after each image, with how many of `indices` are done. */
  readonly onImage?: (done: number) => void
}

/**
 * Certifies images of a data set under one or several base classifiers that share the denoised images. Every arm has
 * its own log; a row is on the disk when its image is done. Images that every log holds already are not certified
 * again; one that only some logs hold is certified anew for the others, with the same noise and so the same result.
 *
 * @throws ConfigError if a log was begun with another configuration
 */
export async function certifyDataset(
  { denoiser, dataset, arms }: { denoiser: Denoiser; dataset: Dataset; arms: readonly CertifiedArm[] },
  { level, indices, sigma, n0, n, alpha, batch, seed, dtype, onImage }: CertifyDatasetOptions,
): Promise<void> {
  const writers: CertificationLogWriter[] = []
  try {
    for (const { log, name } of arms) {
      const configuration: CertificationConfiguration = {
        classifier: name,
        sigma,
        realisedSigma: level.realisedSigma,
        n0,
        n,
        alpha,
        dtype,
        seed,
      }
      const { facts } = denoiser.session
      const notes = { device: facts.deviceName, torch: facts.torch, batch }
      writers.push(await CertificationLogWriter.open(log, { configuration, notes }))
    }
    const classes = dataset.description.classes.length
    let done = 0
    for (const index of indices) {
      const missing = [...arms.keys()].filter(arm => writers[arm]?.has(index) === false)
      if (missing.length > 0) {
        const begun = performance.now()
        const { label, certificates } = await certifyOne(
          { denoiser, level, classifiers: missing.flatMap(arm => arms[arm]?.classifier ?? []) },
          dataset,
          { sigma, n0, n, alpha, batch, seed, index, classes },
        )
        const durationMs = (performance.now() - begun) / missing.length
        for (const [position, arm] of missing.entries()) {
          const certificate = certificates[position]
          if (certificate === undefined) continue
          const { prediction, radius } = certificate
          await writers[arm]?.append({ index, label, prediction, radius, durationMs, counts: certificate })
        }
      }
      done += 1
      onImage?.(done)
    }
  } finally {
    for (const writer of writers) await writer.close()
  }
}

async function certifyOne(
  smoothing: Parameters<typeof certifyImage>[0],
  dataset: Dataset,
  options: CertifyImageOptions,
): Promise<{ label: number; certificates: readonly Certificate[] }> {
  const { session } = dataset
  const { image_CHW, labels_B } = session.scope(() => {
    const { images_BCHW, labels_B } = dataset.images([options.index])
    return { image_CHW: select(toSymmetric(images_BCHW), 'B', 0), labels_B }
  })
  try {
    const [label = -1] = await session.read(labels_B)
    return { label, certificates: await certifyImage(smoothing, image_CHW, options) }
  } finally {
    session.free([image_CHW, labels_B])
  }
}
