import type { CertificationConfig } from '../config/schema'
import { ConfigError } from '../errors'
import type { Dataset } from '../torch'

/**
 * Returns the positions of the test images to certify, in order: a function of the data set, the choice and the seed.
 *
 * @throws ConfigError if the data set has fewer images
 */
export async function chooseImages(
  dataset: Dataset,
  { images, seed }: Pick<CertificationConfig, 'images' | 'seed'>,
): Promise<readonly number[]> {
  const { session, description } = dataset
  const { length } = description
  if (images === 'all') return Array.from({ length }, (_, index) => index)
  if ('onePerClass' in images) return session.compute(() => dataset.onePerClass({ seed }))
  if ('every' in images) {
    return Array.from({ length: Math.ceil(length / images.every) }, (_, index) => index * images.every)
  }
  const largest =
    'indices' in images
      ? Math.max(...images.indices) + 1
      : 'first' in images
        ? images.first
        : 'random' in images
          ? images.random
          : 0
  if (largest > length) {
    throw new ConfigError(
      `certification.images asks for ${'indices' in images ? `image ${largest - 1}, counted from 0` : `${largest} images`}, but the test set has ${length}.`,
      { remedy: 'Choose among the images that there are.' },
    )
  }
  if ('indices' in images) return images.indices
  if ('overClasses' in images) {
    const count = Math.min(images.overClasses, length)
    return session.compute(() => dataset.imagesOverClasses(count, { seed }))
  }
  if ('first' in images) return Array.from({ length: images.first }, (_, index) => index)
  return session.compute(() => dataset.randomImages(images.random, { seed }))
}
