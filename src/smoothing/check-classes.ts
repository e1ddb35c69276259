import type { DataConfig } from '../config/schema'
import { ConfigError } from '../errors'
import {
  type AnyDenoiser,
  type Classifier,
  type Dataset,
  type DatasetDescription,
  select,
  type WeightClasses,
} from '../torch'
import { shownNames } from './data-identity'
import { tryImage } from './trial-image'

/** The fields of a data set that map logits to classes. */
type LabelledClasses = Pick<DatasetDescription, 'classes' | 'classOrder' | 'logits'>

/** `data.classes`: an order of the names, the names in order, or some names with their logits. */
type FolderClasses = NonNullable<Extract<DataConfig, { source: 'folder' }>['classes']>

/**
 * Sends one test image through the networks, to find incompatible settings early.
 *
 * @param ofMethod - Number of classes of the head for the method. Default: those of the data.
 * @throws ConfigError if the head has another number of classes, or the weights name other classes than the data; also as `tryImage`
 */
export async function checkClasses(
  {
    classifier,
    denoiser = null,
  }: { readonly classifier: Classifier; readonly denoiser?: AnyDenoiser | null },
  testSet: Dataset,
  ofMethod?: number | undefined,
): Promise<void> {
  const image = () => select(testSet.images([0]).images_BCHW, 'B', 0)
  const [head = 0] = await tryImage({ denoiser, classifiers: [classifier] }, image)
  if (ofMethod === undefined) {
    requireClasses(head, testSet.description)
    return requireSameClasses(classifier.description.classes, testSet.description)
  }
  if (head === ofMethod) return
  throw new ConfigError(
    `The method takes a head of ${ofMethod} classes, but that of the classifier has ${head}.`,
    { remedy: `Set ${newHead(ofMethod)}.` },
  )
}

/**
 * Checks that a head has the classes of the data, or, if the data have only some of its classes, all of these. Votes for classes that the
 * data lack would be lost.
 *
 * @throws ConfigError
 */
export function requireClasses(
  head: number,
  { classes, logits }: Pick<DatasetDescription, 'classes' | 'logits'>,
): void {
  if (logits !== null) {
    const beyond = logits.findIndex(logit => logit >= head)
    if (beyond === -1) return
    throw new ConfigError(
      `data.classes gives "${classes[beyond]}" the logit ${logits[beyond]}, but the head of the classifier has ${head} classes.`,
      { remedy: `Give logits from 0 to ${head - 1}.` },
    )
  }
  if (head === classes.length) return
  throw new ConfigError(
    `The data have ${classes.length} classes, but the head of the classifier has ${head}.`,
    {
      remedy:
        `Give weights for these classes, or, to train a new head, set ${newHead(classes.length)}; ` +
        "to certify on some of its classes, set data.classes to { folder: logit } (source 'folder').",
    },
  )
}

/** @throws ConfigError if members of an ensemble differ in their number of classes */
export function requireOneHead(heads: readonly number[]): void {
  if (heads.every(head => head === heads[0])) return
  throw new ConfigError(
    `The members of the ensemble have heads of ${heads.join(', ')} classes, expected one number.`,
    {
      remedy: 'Give members with the same classes.',
    },
  )
}

/** @throws ConfigError if a selector of ACES does not choose between two networks */
export function requireSelectorHead(head: number): void {
  if (head === 2) return
  throw new ConfigError(
    `The selector, aces.selector, tells ${head} classes apart, expected 2: 0 leaves a copy to the core network, 1 to the classifier.`,
    { remedy: 'Give a network with a head of 2 classes, or none for the entropy of the classifier.' },
  )
}

/** Explains how to make a new head. A custom network's head comes only from its function. */
function newHead(classes: number): string {
  return `classifier.numClasses to ${classes} (of source 'python': the classes that classifier.factory makes)`
}

/**
 * Checks that labels and logits mean the same classes, comparing names in order.
 *
 * Data with classes listed in `data.classes`, and published data under a library's names, may use other words for them, but none of the
 * weights' words for another class.
 *
 * @param weights - Class names of the weights; without names nothing is compared.
 * @throws ConfigError that names both; also if the weights have no names and the order of the data is ambiguous
 */
export function requireSameClasses(
  weights: WeightClasses | null | undefined,
  { classes, classOrder, logits }: LabelledClasses,
): void {
  if (weights === null || weights === undefined) {
    if (classOrder === 'unstated') requireOneOrder(classes)
    return
  }
  const { names, areOfData } = weights
  const differing = classes
    .map((name, position) => ({ name, logit: logits?.[position] ?? position }))
    .filter(({ name, logit }) => names[logit] !== name)
  if (differing.length === 0) return
  const mayHaveOtherWords = classOrder === 'listed' || (classOrder === 'published' && !areOfData)
  if (mayHaveOtherWords && !differing.some(({ name }) => names.includes(name))) return
  const shown = differing
    .slice(0, 3)
    .map(
      ({ name, logit }) =>
        `logit ${logit} is "${names[logit] ?? 'none'}" in the weights, "${name}" in the data`,
    )
  const others = differing.length - shown.length
  throw new ConfigError(
    `The classes of the data are not those of the weights: ${shown.join('; ')}${others > 0 ? `; ${others} more differ` : ''}.`,
    {
      remedy: isReordered(names, classes)
        ? 'Set data.classes to the names in the order of the weights.'
        : 'Give the data that the weights are for, or set data.classes to say which folder has which logit.',
    },
  )
}

/**
 * Refuses folder names that are numbers with different text and numeric orders: 1, 10, 2.
 *
 * @throws ConfigError that shows both
 */
export function requireOneOrder(folders: readonly string[]): void {
  if (!folders.every(name => /^\d+$/.test(name))) return
  const byText = folders.toSorted()
  const byNumber = folders.toSorted((a, b) => Number(a) - Number(b))
  if (byText.every((name, position) => name === byNumber[position])) return
  const say = (names: readonly string[]) =>
    `${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`
  throw new ConfigError(
    `The class folders are numbers in one order as text (${say(byText)}) and in another as numbers (${say(byNumber)}), and the weights name no classes.`,
    { remedy: "Set data.classes to 'numeric', 'text', or a list of the names in the order of the logits." },
  )
}

/**
 * Checks that the order of classes in settings is the known one, for images in no class folders.
 *
 * @param known - Names of the logits.
 * @param asked - `data.classes` of class folders; undefined asks for no order.
 * @throws ConfigError that names both
 */
export function requireOrderOf(known: readonly string[], asked: FolderClasses | undefined): void {
  if (asked === undefined || isOrderOf(known, asked)) return
  const said =
    typeof asked === 'string'
      ? `is ${asked}`
      : `lists ${shownNames(Array.isArray(asked) ? asked : Object.keys(asked))}`
  throw new ConfigError(
    `The smoothed classifier has the classes ${shownNames(known)}, in this order, but data.classes (--classes) ${said}.`,
    { remedy: 'Leave data.classes out: its own classes are known.' },
  )
}

function isOrderOf(known: readonly string[], asked: FolderClasses): boolean {
  if (asked === 'numeric' && !known.every(name => /^\d+$/.test(name))) return false
  if (typeof asked === 'object' && !Array.isArray(asked)) {
    return Object.entries(asked).every(([name, logit]) => known[logit] === name)
  }
  const order = {
    numeric: () => known.toSorted((a, b) => Number(a) - Number(b)),
    text: () => known.toSorted(),
  }
  const names = typeof asked === 'string' ? order[asked]() : asked
  return names.length === known.length && names.every((name, logit) => name === known[logit])
}

function isReordered(names: readonly string[], classes: readonly string[]): boolean {
  return names.length === classes.length && classes.every(name => names.includes(name))
}
