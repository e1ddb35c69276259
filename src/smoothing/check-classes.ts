import { ConfigError } from '../errors'
import { type Classifier, type Dataset, flatten, noGrad } from '../torch'
import { toSymmetric } from './denoise'

/**
 * Classifies one test image: finds out early what cannot work at all.
 *
 * @param ofMethod - How many classes the head is to have for the method. Default: those of the data.
 * @throws ConfigError if the head of the classifier has others
 */
export async function checkClasses(
  classifier: Classifier,
  testSet: Dataset,
  ofMethod?: number | undefined,
): Promise<void> {
  const { session } = classifier
  const logits = await session.compute(() => {
    const images_NCHW = flatten(toSymmetric(testSet.images([0]).images_BCHW), 'B', 'N')
    return noGrad(session, () => classifier.classify(images_NCHW))
  })
  const head = logits[0]?.length ?? 0
  if (ofMethod === undefined) return requireClasses(head, testSet.description.classes.length)
  if (head === ofMethod) return
  throw new ConfigError(
    `The method takes a head of ${ofMethod} classes, but that of the classifier has ${head}.`,
    { remedy: `Set classifier.numClasses to ${ofMethod} for a new head.` },
  )
}

/**
 * Refuses a head with other classes than the data. Votes for classes that the data do not have would be lost.
 *
 * @throws ConfigError
 */
export function requireClasses(head: number, expected: number): void {
  if (head === expected) return
  throw new ConfigError(`The data have ${expected} classes, but the head of the classifier has ${head}.`, {
    remedy: `Give weights for these classes, or set classifier.numClasses to ${expected} for a new head.`,
  })
}
