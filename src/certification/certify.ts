import { join } from 'node:path'
import type { Session } from '../bridge'
import { sourceOfData } from '../config/data-schema'
import type { CertificationRunConfig, DataConfig } from '../config/schema'
import { packageVersion } from '../files/package-version'
import type { CertifiedImage } from '../logs/certification-log'
import type { JsonObject } from '../logs/certification-log-facts'
import { type CertificationLog, readCertificationLog } from '../logs/certification-log-file'
import { type Shard, shardPath } from '../logs/shards'
import { type CertifiedNetworks, loadNetworks, nameOf } from '../smoothing/load-networks'
import { type SmoothedInput, smoothedOf } from '../smoothing/smoothed-input'
import { datasetSpec } from '../smoothing/specs'
import { openDataset } from '../torch'
import { certifyDataset } from './certify-dataset'
import { chooseImages } from './choose-images'

export interface CertifyOptions {
  /** Path of the log; a shard's is made of it by `shardPath`. Default: `defaultLogPath` of the settings. */
  readonly log?: string | undefined
  /** Certify this share of the images alone. */
  readonly shard?: Shard | undefined
  /** Stops at once: the image in work is dropped, the log stays whole. */
  readonly signal?: AbortSignal | undefined
  /** Called when all is loaded, with how many images this process has to certify or has certified before. */
  readonly onStart?: (images: number) => void
  /** Called for each image, with how many are done: those that the log holds already first. */
  readonly onImage?: (done: number, image: CertifiedImage) => void
  /** Called with what happened that does not change the result, such as a smaller batch. */
  readonly onNote?: (note: string) => void
}

/**
 * Certifies the test images that the settings choose, or goes on with that: loads networks and data, certifies, and
 * returns the log. All that decides its rows stands beside it, with the hashes of the weights.
 *
 * @throws as `loadNetworks`, `chooseImages` and `certifyDataset`
 */
export async function certify(
  session: Session,
  input: SmoothedInput,
  { log, shard, signal, onStart, onImage, onNote }: CertifyOptions = {},
): Promise<CertificationLog> {
  const { config, weights: expected } = await smoothedOf(input)
  const whole = log ?? defaultLogPath(config)
  const path = shard === undefined ? whole : shardPath(whole, shard)
  const { sigma, images, ...settings } = config.certification
  const dataset = await openDataset(session, datasetSpec(config.data, 'test'))
  let networks: CertifiedNetworks | undefined
  try {
    const indices = await chooseImages(dataset, config.certification)
    networks = await loadNetworks(session, config, { expected })
    const { denoiser, classifier, weights, provenance } = networks
    onStart?.(
      shard === undefined ? indices.length : Math.ceil((indices.length - shard.number + 1) / shard.of),
    )
    await certifyDataset(
      {
        denoiser,
        dataset,
        arms: [{ classifier, log: path, name: nameOf(config), models: modelsOf(config, weights) }],
      },
      {
        ...settings,
        ...{ sigma, indices, shard, signal },
        data: imagesOf(config.data),
        notes: {
          chosen: images,
          models: provenance,
          checkpoint: config.checkpoint ?? null,
          dataset: 'path' in config.data ? config.data.path : null,
          versions: {
            ftCadis: packageVersion(),
            node: process.versions.node,
            python: session.facts.python,
            cuda: session.facts.cuda,
          },
        },
        ...(onImage && { onImage }),
        ...(onNote && { onNote }),
      },
    )
  } finally {
    session.free([dataset, networks?.denoiser, networks?.classifier])
  }
  return readCertificationLog(path)
}

/** What of the networks decides the rows: their settings and their weights, but not where these lie. */
function modelsOf(
  { denoiser, classifier }: CertificationRunConfig,
  weights: CertifiedNetworks['weights'],
): JsonObject {
  const { path: _path, file: _file, ...others } = { file: null, ...classifier }
  const { path: _from, ...schedule } = { path: null, ...denoiser }
  return {
    denoiser: weights.denoiser === null ? null : ({ ...schedule, ...weights.denoiser } as JsonObject),
    classifier: { ...others, ...weights.classifier } as JsonObject,
    checkpoint: weights.checkpoint,
  }
}

/** What of the data decides the images. */
function imagesOf(data: DataConfig): JsonObject {
  return { source: data.source, ...sourceOfData(data).imageSettings?.(data) }
}

/** Where the log of a certification goes that nobody names: into the folder of its run, by its noise level. */
export function defaultLogPath({ output, certification }: CertificationRunConfig): string {
  return join(output, `certify-sigma-${certification.sigma}.tsv`)
}
