import type { Classifier, Dataset } from '../torch'
import {
  accuracyOf,
  type InputRange,
  imagesOverClasses,
  type Predictions,
  predictClean,
} from './clean-accuracy'

/** Number of images to classify. */
const IMAGES = 200

/** No further checks if a classifier gets this share of clean images right. */
const FINE = 0.7

/** Another interpretation must get this share more of the images right to be named the likely cause. */
const CLEARLY = 0.15

/** With fewer images per class on average, an order of the classes cannot be determined. */
const PER_CLASS = 3

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
  readonly likelyCause: 'order of classes' | 'input range' | 'weights' | null
  /** The same as a sentence for people, with a remedy; null if nothing needs saying. */
  readonly note: string | null
}

/** Common input normalisations of classifiers, and who uses them. */
const RANGES: readonly { readonly of: string; readonly range: InputRange }[] = [
  { of: 'pixels in [-1, 1]', range: 'symmetric' },
  { of: 'pixels in [0, 1]', range: { mean: [0], std: [1] } },
  { of: 'ImageNet', range: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } },
  {
    of: 'CLIP',
    range: { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] },
  },
  { of: 'CIFAR-10', range: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] } },
  { of: 'MNIST', range: { mean: [0.1307], std: [0.3081] } },
]

/**
 * Measures a classifier on clean images drawn over the classes. If it does badly, searches for the likely cause: another order of the
 * classes, or another input range. Draws from no stream of a run or certification.
 *
 * Compare the classes and send one image through the classifier beforehand.
 *
 * @param options.inputRange - the range for the measurement
 * @param options.own - the classifier's own range. Default: `inputRange`
 * @param options.batch - images per pass
 * @param options.isTrainedOnNoise - whether only noisy images count, as after training without a denoiser: searches for no cause
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
  const order = orderIn(looked, { classes: classes.length, logits })
  if (order !== null && order.accuracy >= accuracy + CLEARLY) {
    const names = order.labelOf.map(label => classes[label])
    return {
      ...measured,
      likelyCause: 'order of classes',
      note: `${said} The likely cause is the order of the classes: with the logits in another order it would be ${percent(order.accuracy)}. Set data.classes to ${JSON.stringify(names)} (source 'folder'), the order of the logits.`,
    }
  }
  const [channels] = dataset.description.imageShape
  const others = RANGES.filter(({ range }) => JSON.stringify(range) !== JSON.stringify(inputRange))
  let best: { readonly of: string; readonly range: InputRange; readonly accuracy: number } | undefined
  for (const { of, range } of others) {
    if (range !== 'symmetric' && range.mean.length > 1 && range.mean.length !== channels) continue
    const other = accuracyOf(await predictClean(networks, { indices, batch, own, inputRange: range }))
    if (other > (best?.accuracy ?? 0)) best = { of, range, accuracy: other }
  }
  if (best !== undefined && best.accuracy >= accuracy + CLEARLY) {
    return {
      ...measured,
      likelyCause: 'input range',
      note: `${said} The likely cause is the input range: with that of ${best.of} it would be ${percent(best.accuracy)}. Set classifier.inputRange to ${JSON.stringify(best.range)}.`,
    }
  }
  if (!isNearChance) return { ...measured, likelyCause: null, note: null }
  return {
    ...measured,
    likelyCause: 'weights',
    note: `${said} No other order of the classes and no usual input range does clearly better: the likely cause is the weights, which may be for other classes or images, or trained on noisy images, where only the accuracy under noise counts. Look at them by \`npx ft-cadis inspect\`.`,
  }
}

/**
 * Infers the class of each logit from every second image, and tests it on the others. null if there are too few images, or two logits stand
 * for one class.
 */
function orderIn(
  { labels, predicted }: Predictions,
  { classes, logits }: { readonly classes: number; readonly logits: readonly number[] | null },
): { readonly accuracy: number; readonly labelOf: readonly number[] } | null {
  if (logits !== null || labels.length < PER_CLASS * classes) return null
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  // Images are in class order, so every second one covers each class.
  for (let place = 0; place < labels.length; place += 2) {
    const row = counts[predicted[place] ?? -1]
    const label = labels[place] ?? -1
    if (row !== undefined) row[label] = (row[label] ?? 0) + 1
  }
  const labelOf = counts.map(row => row.indexOf(Math.max(...row)))
  if (new Set(labelOf).size < classes) return null
  const judged = labels.filter((_, place) => place % 2 === 1)
  const right = judged.filter((label, position) => labelOf[predicted[2 * position + 1] ?? -1] === label)
  return { accuracy: right.length / judged.length, labelOf }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`
}
