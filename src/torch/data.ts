import { Handle, PlainHandle, type Session } from '../bridge'
import { describe, descriptionOf } from './modules'
import { pythonSpec, type Spec } from './spec'
import { Tensor } from './tensor'

export interface DatasetDescription {
  readonly length: number
  /** Names, in the order of the labels. */
  readonly classes: readonly string[]
  /**
   * Source of that order. `published`: the same for everyone with the data. `listed`: `data.classes` gives each class its label. `sorted`:
   * `data.classes` says how to sort the names. `unstated`: the names are sorted as text.
   */
  readonly classOrder: 'published' | 'listed' | 'sorted' | 'unstated'
  /** Labels of `classes` if they are only some logits of a classifier; null if they are 0, 1, … */
  readonly logits: readonly number[] | null
  /** Channels, height, width. */
  readonly imageShape: readonly [number, number, number]
  readonly classCounts: readonly number[]
  /** Sentences for the user, for example about omitted files. */
  readonly notes: readonly string[]
}

/** The content of a data set, independent of its location. */
export interface DataIdentity {
  /** Number of images. */
  readonly images: number
  /** Names, in the order of the labels. */
  readonly classes: readonly string[]
  /**
   * 16 hexadecimal digits of a SHA-256 over classes, labels, and either the pixels of images in memory, or the names (within the data set)
   * and sizes of image files.
   */
  readonly digest: string
}

/** Images in [0, 1] and their labels, before any mapping to [-1, 1]. */
export interface Batch {
  readonly images_BCHW: Tensor<'BCHW'>
  readonly labels_B: Tensor<'B'>
}

/** A data set in Python. */
export class Dataset extends Handle<never> {
  constructor(
    session: Session,
    id: number,
    readonly description: DatasetDescription,
  ) {
    super(session, id)
  }

  /** Returns the images at the given positions, without augmentation. */
  images(indices: readonly number[]): Batch {
    return this.session.scope(() => makeBatch(this.session, 'get_images', this, { indices: [...indices] }))
  }

  /** Returns the images at the given positions whose files do not decode. Reads all of them. */
  corruptImages(indices: readonly number[]): PlainHandle<readonly CorruptImage[]> {
    return this.session.record('corrupt_images', [this], {
      parameters: { indices: [...indices] },
      make: (session, id) => new PlainHandle<readonly CorruptImage[]>(session, id),
    })
  }

  /** Returns the labels of the images at the given positions, without reading the images. */
  labels(indices: readonly number[]): PlainHandle<number[]> {
    return this.session.record('labels_of', [this], {
      parameters: { indices: [...indices] },
      make: (session, id) => new PlainHandle<number[]>(session, id),
    })
  }

  /** Returns the files of the images at the given positions; null if the images are not single files. */
  paths(indices: readonly number[]): PlainHandle<readonly string[] | null> {
    return this.session.record('image_paths', [this], {
      parameters: { indices: [...indices] },
      make: (session, id) => new PlainHandle<readonly string[] | null>(session, id),
    })
  }

  /** Draws one image of each class with the seed, as the released code does, in the order of the classes. */
  onePerClass({ seed }: { seed: number }): PlainHandle<number[]> {
    return this.#subset('one_image_per_class', { seed })
  }

  /** Draws `count` different images with the seed; returns them in ascending order. */
  randomImages(count: number, { seed }: { seed: number }): PlainHandle<number[]> {
    return this.#subset('random_images', { count, seed })
  }

  /** Draws `count` different images with the seed, an equal number of each class as far as available; returns them in ascending order. */
  imagesOverClasses(count: number, { seed }: { seed: number }): PlainHandle<number[]> {
    return this.#subset('images_over_classes', { count, seed })
  }

  /**
   * Returns the identity of the data set. Lists files without reading them; the sizes of many files are cached in the user's cache folder.
   */
  identity(): PlainHandle<DataIdentity> {
    return describe<DataIdentity>('dataset_identity', this)
  }

  #subset(operation: string, parameters: { seed: number; count?: number }): PlainHandle<number[]> {
    return this.session.record(operation, [this], {
      parameters,
      make: (session, id) => new PlainHandle<number[]>(session, id),
    })
  }
}

/** Opens a data set; see `config/schema.ts` for the spec. Throws Python's error for missing or damaged files. */
export async function openDataset(session: Session, spec: Spec): Promise<Dataset> {
  const handle = session.record('open_dataset', [], {
    parameters: { spec: pythonSpec(spec) },
    make: (owner, id) => new PlainHandle<never>(owner, id),
  })
  const raw = await descriptionOf<RawDescription>('describe_dataset', handle)
  return new Dataset(session, handle.id, {
    length: raw.length,
    classes: raw.classes,
    classOrder: raw.class_order,
    logits: raw.logits,
    imageShape: raw.image_shape,
    classCounts: raw.class_counts,
    notes: raw.notes,
  })
}

interface RawDescription {
  readonly length: number
  readonly classes: string[]
  readonly class_order: DatasetDescription['classOrder']
  readonly logits: number[] | null
  readonly image_shape: [number, number, number]
  readonly class_counts: number[]
  readonly notes: string[]
}

export interface LoaderOptions {
  readonly batchSize: number
  /** Order and augmentation depend only on seed, epoch and position. */
  readonly seed: number
  readonly shuffle: boolean
  /** Whether to drop a last batch that is not full. */
  readonly dropLast: boolean
  /** Worker processes; 0 loads in the Python process itself. */
  readonly workers: number
  /** Rank of this process among `ranks`: it reads the batches rank, rank + ranks, rank + 2·ranks, … of an epoch. Default: all batches. */
  readonly rank?: number
  readonly ranks?: number
}

/** An image of a data set whose file does not decode. */
export interface CorruptImage {
  readonly index: number
  readonly path: string
}

export interface SkippedImages {
  readonly count: number
  readonly paths: readonly string[]
}

/** Batches of a data set, epoch by epoch. */
export class Loader extends Handle<never> {
  constructor(
    session: Session,
    id: number,
    /** Batches of all ranks together. */
    readonly batchesPerEpoch: number,
  ) {
    super(session, id)
  }

  /** Seeks to the start of an epoch, or into it: `firstBatch` counts batches of all ranks and is a multiple of the number of ranks. */
  start(epoch: number, { firstBatch = 0 }: { firstBatch?: number } = {}): void {
    this.session.perform('start_epoch', [this], { epoch, first_batch: firstBatch })
  }

  /** Returns this rank's next batch. Fails after the epoch's last batch, and if a worker raised an exception. */
  nextBatch(): Batch {
    return makeBatch(this.session, 'next_batch', this, {})
  }

  /** Positions in the data set of the images of the last batch; for a corrupt image, the position of its replacement. */
  batchIndices(): Tensor<'B'> {
    return this.session.record('batch_indices', [this], {
      make: (session, id) => new Tensor(session, id, 'B' as const),
    })
  }

  /** Returns the positions of the images in this many batches of an epoch, over all ranks. Reads no images. */
  plannedIndices({
    epoch,
    firstBatch,
    batches,
  }: {
    epoch: number
    firstBatch: number
    batches: number
  }): PlainHandle<number[][]> {
    return this.session.record('planned_indices', [this], {
      parameters: { epoch, first_batch: firstBatch, batches },
      make: (session, id) => new PlainHandle<number[][]>(session, id),
    })
  }

  /** Returns how many corrupt images have been replaced by others so far, and their paths, each once. */
  skippedImages(): PlainHandle<SkippedImages> {
    return describe<SkippedImages>('skipped_images', this)
  }

  /** Stops the worker processes. */
  async close(): Promise<void> {
    this.session.perform('close_loader', [this])
    this.session.free(this)
    await this.session.flush()
  }
}

/** Makes a loader over a data set. */
export async function makeLoader(dataset: Dataset, options: LoaderOptions): Promise<Loader> {
  const { session } = dataset
  const handle = session.record('loader', [dataset], {
    parameters: {
      options: {
        batch_size: options.batchSize,
        seed: options.seed,
        shuffle: options.shuffle,
        drop_last: options.dropLast,
        workers: options.workers,
        rank: options.rank ?? 0,
        ranks: options.ranks ?? 1,
        pin_memory: session.info.device.startsWith('cuda'),
      },
    },
    make: (owner, id) => new PlainHandle<never>(owner, id),
  })
  const { batchesPerEpoch } = await descriptionOf<{ batchesPerEpoch: number }>('describe_loader', handle)
  return new Loader(session, handle.id, batchesPerEpoch)
}

function makeBatch(
  session: Session,
  operation: string,
  source: Handle,
  parameters: { indices?: number[] },
): Batch {
  const [images_BCHW, labels_B] = session.recordMany(operation, [source], {
    parameters,
    make: [
      (owner: Session, id: number) => new Tensor(owner, id, 'BCHW' as const),
      (owner: Session, id: number) => new Tensor(owner, id, 'B' as const),
    ] as const,
  })
  return { images_BCHW, labels_B }
}

/**
 * Returns the digest of an image: the first 16 hexadecimal digits of the SHA-256 of its values as little-endian float32 bytes, in the order
 * of its axes. In Python: `sha256(image.astype('<f4').tobytes()).hexdigest()[:16]`.
 */
export function digest(image_CHW: Tensor<'CHW'>): PlainHandle<string> {
  return image_CHW.session.record('digest', [image_CHW], {
    make: (session, id) => new PlainHandle<string>(session, id),
  })
}

/** Encodes each image in [-1, 1], with one or three channels, as a PNG file in base64. */
export function encodePng(
  images_NCHW: Tensor<'NCHW'>,
  {
    largest,
  }: {
    /** Larger images are shrunk to this many pixels a side. Default: none. */
    readonly largest?: number | undefined
  } = {},
): PlainHandle<readonly string[]> {
  return images_NCHW.session.record('encode_png', [images_NCHW], {
    parameters: largest === undefined ? {} : { largest },
    make: (session, id) => new PlainHandle<readonly string[]>(session, id),
  })
}
