import { ConfigError } from '../errors'
import { type Classifier, type Dataset, flatten, noGrad } from '../torch'
import { toSymmetric } from './denoise'

/**
 * Classifies one test image: finds out early what cannot work at all.
 *
 * @throws ConfigError if the head of the classifier has other classes than the data
 */
export async function checkClasses(classifier: Classifier, testSet: Dataset): Promise<void> {
  const { session } = classifier
  const logits = await session.compute(() => {
    const images_NCHW = flatten(toSymmetric(testSet.images([0]).images_BCHW), 'B', 'N')
    return noGrad(session, () => classifier.classify(images_NCHW))
  })
  const head = logits[0]?.length ?? 0
  const { length } = testSet.description.classes
  if (head === length) return
  throw new ConfigError(`The data have ${length} classes, but the head of the classifier has ${head}.`, {
    remedy: `Give weights for these classes, or set classifier.numClasses to ${length} for a new head.`,
  })
}
