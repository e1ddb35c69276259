import { PlainHandle, type Session } from '../bridge'
import { pythonSpec, type Spec } from './spec'
import { Tensor } from './tensor'

/** An image size in pixels: the side of a square, or height and width. */
export type PixelSize = number | [height: number, width: number]

/** How to convert an image file to the input of a network. */
export interface ImageTransform {
  /** 1 gives the luminance of a coloured file. */
  readonly channels: 1 | 3
  /** Resizes the image to cover these pixels, keeping its aspect ratio; a single number is the length of the shorter side. */
  readonly resizeSize: PixelSize
  /** Size of the centre crop that follows. */
  readonly imageSize: PixelSize
  /** Largest megapixels and megabytes of a file. Default 100 and 200. */
  readonly maxMegapixels?: number
  readonly maxMegabytes?: number
}

/** Reads an image file as an image in [0, 1], upright as viewers show it. The read throws DataError if the file holds no image. */
export function readImage(session: Session, path: string, transform: ImageTransform): Tensor<'CHW'> {
  return session.record('read_image', [], {
    parameters: { path, options: pythonSpec({ ...transform }) },
    make: (owner, id) => new Tensor(owner, id, 'CHW' as const),
  })
}

/** The reason why a file's content is not an image: unknown format, too many pixels, or damage. */
export interface ImageProblem {
  readonly kind: 'format' | 'pixels' | 'damaged'
  readonly reason: string
}

/**
 * Decodes the content of an image file as {@link readImage} does, and returns the problem with it, or null. With a problem the image is all
 * zeros; nothing throws, since concurrent tasks share a failure in Python.
 */
export function decodeImage(
  session: Session,
  content: Uint8Array,
  transform: ImageTransform,
): { readonly image_CHW: Tensor<'CHW'>; readonly problem: PlainHandle<ImageProblem | null> } {
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('base64')
  const [image_CHW, problem] = session.recordMany<[Tensor<'CHW'>, PlainHandle<ImageProblem | null>]>(
    'decode_image',
    [],
    {
      parameters: { content: text, options: pythonSpec({ ...transform }) },
      make: [
        (owner, id) => new Tensor(owner, id, 'CHW' as const),
        (owner, id) => new PlainHandle<ImageProblem | null>(owner, id),
      ],
    },
  )
  return { image_CHW, problem }
}

/** Returns path and reason for each of these files that cannot be read, does not decode or is too large. */
export function unreadableImages(
  session: Session,
  paths: readonly string[],
  { maxMegapixels, maxMegabytes }: Pick<ImageTransform, 'maxMegapixels' | 'maxMegabytes'> = {},
): PlainHandle<readonly string[]> {
  return session.record('unreadable_images', [], {
    parameters: { paths, ...pythonSpec({ maxMegapixels, maxMegabytes }) },
    make: (owner, id) => new PlainHandle<readonly string[]>(owner, id),
  })
}

/** Class names and their labels, and whether their order is known: published, or given by the user. */
export interface ClassNames {
  readonly names: readonly string[]
  readonly labels: readonly number[]
  readonly isStated: boolean
}

/**
 * Returns the class names of a data set without reading images; undefined if the data are missing or name no classes.
 *
 * @param spec - as for `openDataset`, without a split
 */
export async function classNames(session: Session, spec: Spec): Promise<ClassNames | undefined> {
  const read = await session.compute(() => ({
    found: session.record('class_names', [], {
      parameters: { spec: pythonSpec(spec) },
      make: (owner, id) =>
        new PlainHandle<{ names: string[]; labels: number[]; is_stated: boolean } | null>(owner, id),
    }),
  }))
  if (read.found === null) return undefined
  const { names, labels, is_stated: isStated } = read.found
  return { names, labels, isStated }
}

/** An image, denoised images of it, all in [-1, 1], and which of them are kept. */
export interface DrawnSamples {
  readonly clean_BCHW: Tensor<'BCHW'>
  /** A noisy image to show beside the clean one; for all images or none. */
  readonly noisy_BCHW?: Tensor<'BCHW'> | undefined
  readonly denoised_MBCHW: Tensor<'MBCHW'>
  /** For all images or none; without it nothing is framed. */
  readonly kept_MB?: Tensor<'MB', boolean> | undefined
}

/**
 * Draws one PNG file in base64 with a row per image (B is 1): clean, noisy if given, then denoised. Kept images have green frames,
 * hallucinated ones dashed red frames. Images are shown with 64 to 128 pixels a side.
 */
export function drawSamples(session: Session, samples: readonly DrawnSamples[]): PlainHandle<string> {
  const takes = samples.flatMap(({ clean_BCHW, noisy_BCHW, denoised_MBCHW, kept_MB }) => [
    clean_BCHW,
    ...(noisy_BCHW === undefined ? [] : [noisy_BCHW]),
    denoised_MBCHW,
    ...(kept_MB === undefined ? [] : [kept_MB]),
  ])
  const [first] = samples
  return session.record('draw_samples', takes, {
    parameters: {
      plain: first?.noisy_BCHW === undefined ? 1 : 2,
      has_verdicts: first?.kept_MB !== undefined,
    },
    make: (owner, id) => new PlainHandle<string>(owner, id),
  })
}
