import { PlainHandle, type Session } from '../bridge'
import { pythonSpec, type Spec } from './spec'
import { Tensor } from './tensor'

/** A size of images in pixels: the side of a square, or height and width. */
export type PixelSize = number | [height: number, width: number]

/** How an image file becomes an image that a network takes. */
export interface ImageTransform {
  /** 1 is the luminance of a coloured file. */
  readonly channels: 1 | 3
  /** Pixels that the image is resized to cover, with its own proportions: of a number the shorter side has as many. */
  readonly resizeSize: PixelSize
  /** Size of the centre that is cropped then. */
  readonly imageSize: PixelSize
  /** Megapixels and megabytes that a file may have. Default 100 and 200. */
  readonly maxMegapixels?: number
  readonly maxMegabytes?: number
}

/** An image file as an image in [0, 1], upright as viewers show it. A read throws DataError where the file holds none. */
export function readImage(session: Session, path: string, transform: ImageTransform): Tensor<'CHW'> {
  return session.record('read_image', [], {
    parameters: { path, options: pythonSpec({ ...transform }) },
    make: (owner, id) => new Tensor(owner, id, 'CHW' as const),
  })
}

/** Why the content of a file is not an image: no format is recognised, it has more pixels than are decoded, or it is damaged. */
export interface ImageProblem {
  readonly kind: 'format' | 'pixels' | 'damaged'
  readonly reason: string
}

/**
 * The content of an image file as {@link readImage} makes it of the file; and what is wrong with it, else null. The image is
 * zeros then: nothing fails, since tasks side by side share what fails in Python.
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

/** Path and reason of each of these files that cannot be read, does not decode or is too large. */
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

/** What classes are called, their labels, and whether their order is known: published, or said by the user. */
export interface ClassNames {
  readonly names: readonly string[]
  readonly labels: readonly number[]
  readonly isStated: boolean
}

/**
 * The classes of a data set, without a look at the images; undefined where the data are not there, or name none.
 *
 * @param spec - as of `openDataset`; a split is not needed
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

/** An image and denoised images of it, all in [-1, 1], and whether these are kept. */
export interface DrawnSamples {
  readonly clean_BCHW: Tensor<'BCHW'>
  /** A noisy image, to be shown beside the clean one; of all images or of none. */
  readonly noisy_BCHW?: Tensor<'BCHW'> | undefined
  readonly denoised_MBCHW: Tensor<'MBCHW'>
  /** Of all images or of none: without it nothing is framed. */
  readonly kept_MB?: Tensor<'MB', boolean> | undefined
}

/**
 * One PNG file in base64, with a row for each image (B is 1): clean, noisy if it is given, then denoised, in green frames
 * where kept and in dashed red ones where hallucinated. Images are shown with 64 to 128 pixels a side.
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
