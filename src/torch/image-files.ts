import { PlainHandle, type Session } from '../bridge'
import { Tensor } from './tensor'

/** How an image file becomes an image that a network takes. */
export interface ImageTransform {
  /** 1 is the luminance of a coloured file. */
  readonly channels: 1 | 3
  /** Pixels that the shorter side is resized to. */
  readonly resizeSize: number
  /** Side of the central square that is cropped then. */
  readonly imageSize: number
}

/** An image file as an image in [0, 1]. A read throws DataError where the file does not hold one. */
export function readImage(
  session: Session,
  path: string,
  { channels, resizeSize, imageSize }: ImageTransform,
): Tensor<'CHW'> {
  return session.record('read_image', [], {
    parameters: { path, channels, resize_size: resizeSize, image_size: imageSize },
    make: (owner, id) => new Tensor(owner, id, 'CHW' as const),
  })
}

/** Path and reason of each of these files that cannot be read or does not decode. */
export function unreadableImages(session: Session, paths: readonly string[]): PlainHandle<readonly string[]> {
  return session.record('unreadable_images', [], {
    parameters: { paths },
    make: (owner, id) => new PlainHandle<readonly string[]>(owner, id),
  })
}
