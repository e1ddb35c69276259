import { ownSettings, resizeFor } from '../../config/own-preset'
import type { RunConfigInput } from '../../config/schema'
import { type ImageSize, imageSizeOf, sidesOf } from '../../config/sources/image-size'
import { given } from '../../files/given'
import type { InputRange } from '../../smoothing/clean-accuracy'
import type { InspectedImages, InspectedWeights, StatedRange } from '../../torch'

/** Share of class folders without splits held out for tests if something is trained. */
const TEST_SHARE = 0.2

/** The findings at the paths of one command line. */
export interface Found {
  readonly images?: { readonly path: string; readonly said: InspectedImages } | undefined
  readonly classifier?: InspectedWeights | undefined
  readonly denoiser?: InspectedWeights | undefined
  readonly adapter?: InspectedWeights | undefined
}

export interface OwnChoices {
  readonly sigma: number
  readonly tuning?: 'lora' | 'full' | undefined
  readonly imageSize?: ImageSize | undefined
  readonly output: string
}

/** The settings of data, classifier and denoiser, with reasons for those that are not obvious. */
export interface Proposal {
  readonly settings: RunConfigInput
  readonly notes: readonly string[]
}

/**
 * Proposes a configuration for the findings; the input range is the likeliest stated one.
 *
 * @param found - with images and a classifier that loads
 */
export function proposeConfiguration(
  { images, classifier, denoiser, adapter }: Required<Pick<Found, 'images' | 'classifier'>> & Found,
  { sigma, tuning, imageSize: chosen, output }: OwnChoices,
): Proposal {
  const notes: string[] = []
  const { said, path } = images as NonNullable<Found['images']>
  const weights = classifier as InspectedWeights
  const test = said.splits.test ?? said.splits.train
  const folders = test?.classes ?? []
  const imageSize = chosen ?? sizeFor({ weights, denoiser, median: test?.sides?.median })
  const isGrey = (weights.channels ?? 3) === 1
  const order = orderOf(weights, { folders, numeric: said.order, notes })
  const isNewHead = typeof weights.classes === 'number' && weights.classes !== folders.length
  if (isNewHead) {
    notes.push(
      `The head has ${weights.classes} classes and the folder ${folders.length}: classifier.numClasses makes a new head, which has to be trained. To certify these weights as they are, leave it out and set data.classes to { folder: logit }.`,
    )
  }
  const inPixels = weights.imageSize ?? undefined
  const isResized =
    weights.isFixedSize === true && inPixels !== undefined && String(inPixels) !== String(imageSize)
  const [range] = weights.ranges ?? []
  const trained = said.splits.train?.images ?? Math.round((test?.images ?? 0) * (1 - TEST_SHARE))
  const settings = ownSettings({
    ...{ sigma, tuning, output, imageSize, trainImages: Math.max(1, trained) },
    data: {
      ...{ source: 'folder', path, imageSize, resizeSize: resizeFor(imageSize) },
      ...(isGrey && { channels: 1 as const }),
      ...given({ classes: order, testShare: said.unsplit && tuning !== undefined ? TEST_SHARE : undefined }),
    },
    classifier: {
      ...(weights.settings as RunConfigInput['classifier']),
      ...given({
        inputRange: range && rangeOf(range),
        resize: isResized ? inPixels : undefined,
        numClasses: isNewHead ? folders.length : undefined,
        adapter: adapter?.settings?.adapter as string | undefined,
      }),
    },
    denoiser: (denoiser?.settings as RunConfigInput['smoothing']['denoiser'] | undefined) ?? 'none',
  })
  return { settings, notes }
}

/** Converts a stated range to settings. */
export function rangeOf({ mean, std }: StatedRange): InputRange {
  const isSymmetric = [...mean, ...std].every(value => value === 0.5)
  return isSymmetric ? 'symmetric' : { mean: [...mean], std: [...std] }
}

/**
 * Returns the size of the images that the denoiser sees: its training size, else the classifier's, but at most that of
 * the images.
 */
function sizeFor({
  weights,
  denoiser,
  median,
}: {
  readonly weights: InspectedWeights
  readonly denoiser: InspectedWeights | undefined
  readonly median: number | undefined
}): ImageSize {
  const ofDenoiser = denoiser?.imageSize ?? undefined
  // The paper's runs on ImageNet use images of 224 with the denoiser of 256.
  if (ofDenoiser !== undefined) return ofDenoiser === 256 ? 224 : ofDenoiser
  const ofClassifier = weights.imageSize ?? 224
  if (weights.isFixedSize === true || median === undefined) return ofClassifier
  const [height, width] = sidesOf(ofClassifier)
  const share = Math.min(1, median / Math.min(height, width))
  return imageSizeOf([Math.round(height * share), Math.round(width * share)])
}

/** Returns `data.classes` if text order differs from the order of the logits. */
function orderOf(
  { names, classes }: InspectedWeights,
  {
    folders,
    numeric,
    notes,
  }: { readonly folders: readonly string[]; readonly numeric: 'numeric' | null; readonly notes: string[] },
): 'numeric' | string[] | undefined {
  if (names !== null && names !== undefined && classes === folders.length) {
    if (names.every((name, logit) => name === folders[logit])) return undefined
    if (names.length === folders.length && folders.every(name => names.includes(name))) {
      notes.push(`The weights have the classes in another order than text: ${names.join(', ')}.`)
      return [...names]
    }
    notes.push(
      `The weights call their classes ${names.slice(0, 5).join(', ')}, the folders are called ${folders.slice(0, 5).join(', ')}: look whether they are in the same order.`,
    )
    return [...folders]
  }
  if (numeric === null) return undefined
  notes.push('The class folders are numbers: they are taken in the order of the numbers.')
  return numeric
}
