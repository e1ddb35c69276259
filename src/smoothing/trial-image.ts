import { isOutOfMemory } from '../bridge'
import { ConfigError, PythonError } from '../errors'
import { type Classifier, type Denoiser, digest, expand, noGrad, select, type Tensor } from '../torch'
import { toSymmetric } from './denoise'

/** Networks that one image is sent through. */
export interface TriedNetworks {
  readonly denoiser: Denoiser | null
  readonly classifiers: readonly Classifier[]
}

/**
 * Sends one image through every network by itself, before any work: what does not fit together is found out here. Nothing is
 * drawn. Returns how many classes each classifier tells apart.
 *
 * @param image - Records an image in [0, 1].
 * @throws ConfigError that names the settings, where a network takes images of other channels or another size
 */
export async function tryImage(
  { denoiser, classifiers }: TriedNetworks,
  image: () => Tensor<'CHW'>,
): Promise<number[]> {
  const image_NCHW = () => expand(toSymmetric(image()), { axis: 'N', count: 1 })
  if (denoiser !== null) {
    await tried('denoiser', () =>
      denoiser.session.compute(() =>
        noGrad(denoiser.session, () => ({
          noise: digest(select(denoiser.predictNoise(image_NCHW(), { timestep: 0 }), 'N', 0)),
        })),
      ),
    )
  }
  const heads: number[] = []
  for (const classifier of classifiers) {
    const { session } = classifier
    const [logits] = await tried('classifier', () =>
      session.compute(() => noGrad(session, () => classifier.classify(image_NCHW()))),
    )
    heads.push(logits?.length ?? 0)
  }
  return heads
}

async function tried<T>(network: 'denoiser' | 'classifier', attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (!(error instanceof PythonError) || error.operation === 'get_images' || isOutOfMemory(error))
      throw error
    throw unfit(network, error)
  }
}

/** What a network says of an image that it does not take. */
function unfit(network: 'denoiser' | 'classifier', error: PythonError): ConfigError {
  const { pythonType, pythonMessage } = error
  const [, takes, gets] = /to have (\d+) channels, but got (\d+) channels/.exec(pythonMessage) ?? []
  if (takes !== undefined) {
    return new ConfigError(
      `The ${network} takes images of ${takes} channel${takes === '1' ? '' : 's'}, and those of the data have ${gets}.`,
      {
        remedy:
          takes === '1' || takes === '3'
            ? `Set data.channels to ${takes} (source 'folder'), or give a ${network} of images of ${gets}.`
            : `Give a ${network} of images of ${gets}.`,
        cause: error,
      },
    )
  }
  // As timm and transformers say it: "(64) doesn't match model (32)", "(64*64) doesn't match model (32*32)".
  const [, is, side] = /\((\d+)(?:\*\d+)?\) doesn't match model \((\d+)(?:\*\d+)?\)/.exec(pythonMessage) ?? []
  if (side !== undefined) {
    return new ConfigError(`The ${network} takes images of ${side} pixels a side, and gets ${is}.`, {
      remedy:
        network === 'classifier'
          ? `Set classifier.resize to ${side}, which resizes denoised images, or data.imageSize to ${side}.`
          : `Set data.imageSize to ${side}.`,
      cause: error,
    })
  }
  return new ConfigError(
    `The ${network} does not take an image of the data: ${pythonType}: ${pythonMessage}.`,
    {
      remedy: `Set data.imageSize, data.channels and ${network === 'classifier' ? 'classifier.resize and classifier.inputRange' : 'smoothing.denoiser'} to what it was trained with.`,
      cause: error,
    },
  )
}
