import { isOutOfMemory } from '../bridge'
import { describeSize, imageSizeOf } from '../config/sources/image-size'
import { ConfigError, PythonError } from '../errors'
import {
  type AnyDenoiser,
  type Classifier,
  digest,
  expand,
  ImageDenoiser,
  noGrad,
  select,
  type Tensor,
  uncompiled,
} from '../torch'
import { toSymmetric } from './denoise'

/** Networks to test with one image. */
export interface TriedNetworks {
  readonly denoiser: AnyDenoiser | null
  readonly classifiers: readonly Classifier[]
}

/**
 * Sends one image through every network separately before any work, to find incompatible settings. Draws and compiles nothing. Returns the
 * number of classes of each classifier.
 *
 * @param image - Records an image in [0, 1].
 * @throws ConfigError that names the settings if a network needs other channels or another size
 */
export async function tryImage(
  { denoiser, classifiers }: TriedNetworks,
  image: () => Tensor<'CHW'>,
): Promise<number[]> {
  const { trials, heads } = await tryAll({ denoiser, classifiers }, image)
  const failed = trials.find(({ error }) => error !== undefined)
  if (failed?.error === undefined) return heads
  const channels = channelsIn(failed)
  if (channels === undefined) throw unfit(failed)
  // An image that fits this network may not fit another.
  const inOthers = () => expand(select(image(), 'C', 0), { axis: 'C', count: channels.takes })
  const suitAll = await tryAll({ denoiser, classifiers }, inOthers).then(
    others => others.trials.every(({ error }) => error === undefined),
    error => {
      if (error instanceof ConfigError) return false
      throw error
    },
  )
  throw unfitChannels(failed, channels, { suitAll })
}

async function tryAll(
  { denoiser, classifiers }: TriedNetworks,
  image: () => Tensor<'CHW'>,
): Promise<{ readonly trials: readonly Trial[]; readonly heads: number[] }> {
  const image_NCHW = () => expand(toSymmetric(image()), { axis: 'N', count: 1 })
  const trials: Trial[] = []
  if (denoiser !== null) {
    const { session } = denoiser
    const look = () =>
      denoiser instanceof ImageDenoiser
        ? denoiser.clean(image_NCHW())
        : denoiser.predictNoise(image_NCHW(), { timestep: 0 })
    const seen = () => ({ noise: digest(select(look(), 'N', 0)) })
    trials.push(
      await tried('denoiser', () => session.compute(() => uncompiled(session, () => noGrad(session, seen)))),
    )
  }
  const heads: number[] = []
  for (const classifier of classifiers) {
    const { session } = classifier
    const attempt = async () => {
      const [logits] = await session.compute(() =>
        uncompiled(session, () => noGrad(session, () => classifier.classify(image_NCHW()))),
      )
      heads.push(logits?.length ?? 0)
    }
    trials.push(await tried('classifier', attempt))
  }
  return { trials, heads }
}

/** A network, and its error if the image does not fit. */
interface Trial {
  readonly network: 'denoiser' | 'classifier'
  readonly error?: PythonError
}

async function tried(network: Trial['network'], attempt: () => Promise<unknown>): Promise<Trial> {
  try {
    await attempt()
    return { network }
  } catch (error) {
    if (!(error instanceof PythonError) || error.operation === 'get_images' || isOutOfMemory(error))
      throw error
    return { network, error }
  }
}

function unfitChannels(
  { network, error }: Trial,
  { takes, gets }: Mismatch,
  { suitAll }: { readonly suitAll: boolean },
): ConfigError {
  return new ConfigError(
    `The ${network} takes images of ${takes} channel${takes === 1 ? '' : 's'}, and those of the data have ${gets}.`,
    {
      remedy:
        suitAll && (takes === 1 || takes === 3)
          ? `Set data.channels to ${takes} (source 'folder'), or give networks of images of ${gets}.`
          : `Give a ${network} of images of ${gets}: denoiser and classifier see the same channels.`,
      cause: error,
    },
  )
}

function unfit(trial: Trial): ConfigError {
  const { network, error } = trial
  const size = sizeIn(trial)
  if (size !== undefined) {
    const { takes, gets, setting } = size
    return new ConfigError(`The ${network} takes images of ${takes}, and gets ${gets}.`, {
      remedy:
        network === 'classifier'
          ? `Set classifier.resize to ${setting}, which resizes denoised images, or data.imageSize to that (source 'folder').`
          : `Set data.imageSize to ${setting} (source 'folder'), or give a denoiser of images of ${gets}.`,
      cause: error,
    })
  }
  return new ConfigError(
    `The ${network} does not take an image of the data: ${error?.pythonType}: ${error?.pythonMessage}.`,
    {
      remedy: `Set data.imageSize, data.channels and ${network === 'classifier' ? 'classifier.resize and classifier.inputRange' : 'smoothing.denoiser'} to what it was trained with.`,
      cause: error,
    },
  )
}

interface Mismatch {
  readonly takes: number
  readonly gets: number
}

/** Torch's message: "to have 1 channels, but got 3 channels"; that of transformers: "Expected 3 but got 1". */
function channelsIn({ error }: Trial): Mismatch | undefined {
  const [, takes, gets] =
    /to have (\d+) channels, but got (\d+) channels|channel dimension .* Expected (\d+) but got (\d+)/s
      .exec(error?.pythonMessage ?? '')
      ?.filter(part => part !== undefined) ?? []
  return takes === undefined ? undefined : { takes: Number(takes), gets: Number(gets) }
}

/** A size that does not fit, in words, and the setting that would fit. */
interface SizeMismatch {
  readonly takes: string
  readonly gets: string
  readonly setting: string
}

function sizeIn({ error }: Trial): SizeMismatch | undefined {
  const message = error?.pythonMessage ?? ''
  return mismatchOfSize(message) ?? mismatchOfSide(message) ?? mismatchOfFactor(message)
}

/** The message of transformers: "(64*64) doesn't match model (32*48)". */
function mismatchOfSize(message: string): SizeMismatch | undefined {
  const sides = /\((\d+)\*(\d+)\) doesn't match model \((\d+)\*(\d+)\)/.exec(message)?.slice(1)
  if (sides === undefined) return undefined
  const [gotHeight, gotWidth, height, width] = sides.map(Number) as [number, number, number, number]
  const takes = imageSizeOf([height, width])
  return {
    ...{ takes: describeSize(takes), gets: describeSize(imageSizeOf([gotHeight, gotWidth])) },
    setting: JSON.stringify(takes),
  }
}

/** The message of timm, about one side: "Input height (64) doesn't match model (32)". */
function mismatchOfSide(message: string): SizeMismatch | undefined {
  const [, side, gets, takes] = /(height|width) \((\d+)\) doesn't match model \((\d+)\)/.exec(message) ?? []
  if (takes === undefined) return undefined
  const size = side === 'height' ? `[${takes}, width]` : `[height, ${takes}]`
  return {
    ...{ takes: `${takes} pixels in ${side}`, gets: `${gets}` },
    setting: `${takes} for a square, or ${size}`,
  }
}

/** The message of this package's denoisers: "multiples of 8, got [50, 64]". */
function mismatchOfFactor(message: string): SizeMismatch | undefined {
  const numbers = /multiples of (\d+), got \[(\d+), (\d+)\]/.exec(message)?.slice(1)
  if (numbers === undefined) return undefined
  const [factor, height, width] = numbers.map(Number) as [number, number, number]
  const larger = (side: number) => Math.ceil(side / factor) * factor
  return {
    takes: `a height and width that are multiples of ${factor}`,
    gets: describeSize(imageSizeOf([height, width])),
    setting: JSON.stringify(imageSizeOf([larger(height), larger(width)])),
  }
}
