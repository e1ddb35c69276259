import { z } from 'zod'
import { count, text } from './fields'

/** Settings of the images. */

const augment = z
  .boolean()
  .default(true)
  .describe('Whether training images are randomly cropped and mirrored. Default true.')

const imageFiles = {
  path: text.describe(
    'Folder that contains train and val (or test), each with one folder of images a class.',
  ),
  augment,
  workers: z
    .int()
    .nonnegative()
    .default(4)
    .describe('Processes that decode images; 0 decodes in the main one. Default 4.'),
  onCorrupt: z
    .enum(['fail', 'skip'])
    .default('fail')
    .describe(
      'Whether an image that does not decode ends training, or is replaced and counted. Default fail.',
    ),
}

const digitsData = z.strictObject({
  source: z
    .literal('digits')
    .describe('The 8x8 handwritten digits of scikit-learn: 1,200 for training, 597 for testing.'),
  heldOut: z
    .enum(['test', 'validation'])
    .optional()
    .describe(
      'Images that are evaluated and certified. validation: the last 200 of the training images, which are then not ' +
        'trained on; settings are chosen on them. Default test.',
    ),
})

const cifar10Data = z.strictObject({
  source: z
    .literal('cifar10')
    .describe('CIFAR-10 in its published files. Augmentation: crop with padding 4, mirror.'),
  path: text.describe('Folder cifar-10-batches-py, or the one that contains it.'),
  augment,
  hashes: z
    .enum(['any', 'published'])
    .default('any')
    .describe('Whether files of the same format but other content are accepted. Default any.'),
})

const imagenetData = z.strictObject({
  source: z
    .literal('imagenet')
    .describe('ImageNet. Training: random resized crop of 224, mirror. Test: resized to 256, central 224.'),
  ...imageFiles,
})

const folderData = z
  .strictObject({
    source: z
      .literal('folder')
      .describe('Your own images. Training: random resized crop, mirror. Test: resized, centre.'),
    ...imageFiles,
    imageSize: count.default(224).describe('Side in pixels of the crop that the denoiser sees. Default 224.'),
    resizeSize: count
      .default(256)
      .describe(
        'Pixels that the shorter side of a test image is resized to before the centre is cropped. Default 256.',
      ),
  })
  .refine(({ imageSize, resizeSize }) => imageSize <= resizeSize, {
    path: ['resizeSize'],
    error: 'expected at least imageSize',
  })

const syntheticData = z.strictObject({
  source: z.literal('synthetic').describe('Random pixels and labels, to measure speed and memory with.'),
  imageSize: count.describe('Side of the images in pixels.'),
  classes: count.describe('How many labels there are.'),
  trainImages: count.describe('Images for training. They are generated where they are used.'),
  testImages: count.describe('Images for testing.'),
  workers: z
    .int()
    .nonnegative()
    .default(0)
    .describe('Processes that generate images; 0 generates in the main one. Default 0.'),
})

/** The images. */
export const dataSchema = z.discriminatedUnion('source', [
  digitsData,
  cifar10Data,
  imagenetData,
  folderData,
  syntheticData,
])
