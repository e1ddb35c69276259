import { DataError } from '../../errors'
import type { ImageProblem } from '../../torch'

/** An image that cannot be classified. */
export class UnusableImageError extends DataError {
  /** The problem with the image. */
  readonly problem: ImageProblem

  /** @param name - of the image, as the subject of a sentence */
  constructor(
    name: string,
    { problem, cause }: { readonly problem: ImageProblem; readonly cause?: unknown },
  ) {
    super(`${name} cannot be used as an image: ${problem.reason}.`, {
      remedy: REMEDIES[problem.kind],
      cause,
    })
    this.problem = problem
  }
}

const REMEDIES: Readonly<Record<ImageProblem['kind'], string>> = {
  format: 'Give a JPEG, PNG, WebP, BMP, GIF, TIFF, PPM or PGM image.',
  pixels: 'Give a smaller image.',
  damaged: 'Restore the file, or leave it out.',
}
