import type { Classifier, Dataset } from '../torch'
import { accuracyOf, type InputRange, imagesOverClasses, predictClean } from './clean-accuracy'
import { bestReading, type Reading } from './likely-reading'

/** Number of images to classify. */
const IMAGES = 200

/** No further checks if a classifier gets this share of clean images right. */
const FINE = 0.7

/** Another interpretation must get this share more of the images right to be named the likely cause. */
const CLEARLY = 0.15

/** Results of a classifier on clean test images, before hours of computation. */
export interface Sanity {
  readonly images: number
  /** Share of clean images that get their class, without noise or denoiser. */
  readonly accuracy: number
  /** Expected accuracy of guessing among the logits. */
  readonly chance: number
  /** Whether the accuracy is within reach of guessing. */
  readonly isNearChance: boolean
  /** Whether the weights name their classes, so that they were compared with the data. */
  readonly namesAreCompared: boolean
  /** The most likely cause; null if nothing seems wrong. */
  readonly likelyCause:
    | 'order of classes'
    | 'input range'
    | 'order of classes and input range'
    | 'weights'
    | null
  /** The same as a sentence for people, with a remedy; null if nothing needs saying. */
  readonly note: string | null
}

/**
 * Measures a classifier on clean images drawn over the classes. If it does badly, searches for the likely cause: another order of the
 * classes, another input range, or both. Draws from no stream of a run or certification.
 *
 * Compare the classes and send one image through the classifier beforehand.
 *
 * @param options - `inputRange`: the range for the measurement; `own`: the classifier's own range, by default the same; `batch`: images
 *   per pass; `isTrainedOnNoise`: whether only noisy images count, as after training without a denoiser, so that no cause is searched
 */
export async function sanityOf(
  { classifier, dataset }: { readonly classifier: Classifier; readonly dataset: Dataset },
  {
    inputRange,
    own = inputRange,
    seed,
    batch,
    isTrainedOnNoise = false,
  }: {
    readonly inputRange: InputRange
    readonly own?: InputRange
    readonly seed: number
    readonly batch: number
    readonly isTrainedOnNoise?: boolean
  },
): Promise<Sanity> {
  const indices = await imagesOverClasses(dataset, { count: IMAGES, seed })
  const networks = { classifier, dataset }
  const looked = await predictClean(networks, { indices, batch, own, inputRange })
  const { classes, logits } = dataset.description
  const accuracy = accuracyOf(looked)
  const chance = 1 / (logits === null ? classes.length : Math.max(...logits) + 1)
  const images = looked.labels.length
  const isNearChance = accuracy <= chance + 3 * Math.sqrt((chance * (1 - chance)) / images)
  const measured = {
    ...{ images, accuracy, chance, isNearChance },
    namesAreCompared: classifier.description.classes !== null,
  }
  if (images === 0 || classes.length < 2 || accuracy >= FINE || isTrainedOnNoise) {
    return { ...measured, likelyCause: null, note: null }
  }
  const said = `The classifier gives ${percent(accuracy)} of ${images} clean test images, drawn over the classes, their class${isNearChance ? `, as guessing would (${percent(chance)})` : ''}.`
  const best = await bestReading(networks, { looked, indices, batch, own, inputRange })
  if (best !== undefined && best.accuracy >= accuracy + CLEARLY) {
    return { ...measured, ...explanationOf(best, { said, classes }) }
  }
  if (!isNearChance) return { ...measured, likelyCause: null, note: null }
  return {
    ...measured,
    likelyCause: 'weights',
    note: `${said} No other order of the classes does clearly better, with this or another usual input range: the likely cause is the weights, which may be for other classes or images, or trained on noisy images, where only the accuracy under noise counts. Look at them by \`npx ft-cadis inspect\`.`,
  }
}

/** Names what a better reading changes, and the settings to give. */
function explanationOf(
  { accuracy, labelOf, range }: Reading,
  { said, classes }: { readonly said: string; readonly classes: readonly string[] },
): { readonly likelyCause: NonNullable<Sanity['likelyCause']>; readonly note: string } {
  const would = `it would be ${percent(accuracy)}`
  const order =
    labelOf &&
    `data.classes to ${JSON.stringify(labelOf.map(label => classes[label]))} (source 'folder'), the order of the logits`
  const inputs = range && `classifier.inputRange to ${JSON.stringify(range.range)}`
  if (range === undefined) {
    return {
      likelyCause: 'order of classes',
      note: `${said} The likely cause is the order of the classes: with the logits in another order ${would}. Set ${order}.`,
    }
  }
  if (order === undefined) {
    return {
      likelyCause: 'input range',
      note: `${said} The likely cause is the input range: with that of ${range.of} ${would}. Set ${inputs}.`,
    }
  }
  return {
    likelyCause: 'order of classes and input range',
    note: `${said} The likely cause is both the order of the classes and the input range: with the logits in another order and the range of ${range.of} ${would}. Set ${inputs}, and ${order}.`,
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`
}
