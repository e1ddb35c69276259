/** The largest side of an image in pixels; larger ones exceed available memory. */
export const MOST_SIDE = 10_000

/** The size of images in pixels: the side of a square, or height and width. */
export type ImageSize = number | [height: number, width: number]

/** Returns the height and width of a size. */
export function sidesOf(size: ImageSize): [height: number, width: number] {
  return typeof size === 'number' ? [size, size] : size
}

/** Returns a size from height and width: a number if they are equal. */
export function imageSizeOf([height, width]: readonly [height: number, width: number]): ImageSize {
  return height === width ? height : [height, width]
}

/** Returns whether a size covers another in height and width. */
export function covers(size: ImageSize, other: ImageSize): boolean {
  const [height, width] = sidesOf(size)
  const [otherHeight, otherWidth] = sidesOf(other)
  return height >= otherHeight && width >= otherWidth
}

/** Describes a size in words: `64 pixels a side`, `48 × 64 pixels (height × width)`. */
export function describeSize(size: ImageSize): string {
  return typeof size === 'number' ? `${size} pixels a side` : `${size.join(' × ')} pixels (height × width)`
}

/** Formats a size as on the command line: `64`, `48x64`. */
export function sizeText(size: ImageSize): string {
  return typeof size === 'number' ? String(size) : size.join('x')
}
