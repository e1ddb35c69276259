import { ShapeError } from '../../errors'

/** The denoised images in each of the two losses. */
export interface SelectionOptions {
  /** `selected`: cross-entropy only on the non-hallucinated images (Eq. 8); `all`: on all M (Eq. 6 and row 2 of Table 5). */
  readonly crossEntropy: 'selected' | 'all'
  /**
   * Whether the denoised image with the lowest cross-entropy replaces D_nh if all M are hallucinated. No effect with `crossEntropy: 'all'`,
   * which uses every image.
   */
  readonly coldStart: boolean
  /**
   * `masked`: the adversarial loss counts if all M are non-hallucinated (Eq. 9); `all`: for every image (row 3 of Table 5); `none`: for no
   * image (Eq. 6).
   */
  readonly adversarial: 'masked' | 'all' | 'none'
}

/** The selection for the losses of one micro-batch of B images under M noises. */
export interface Selection {
  /** [M][B]: weight of each denoised image in the sum of Eq. 8, before the division by M. */
  readonly weights: readonly (readonly number[])[]
  /** Images whose adversarial loss counts: indices in 0..B-1, ascending. The others are not attacked. */
  readonly attacked: readonly number[]
  /** |D_nh| of each image, before the cold start: [B], from 0 to M. */
  readonly keptCounts: readonly number[]
}

/**
 * Applies the confidence-aware selection of FT-CADIS (Eq. 7): D_nh of an image is the set of its denoised images that the classifier
 * assigns to the label. All weights are 0 or 1, and every image has at least one weight of 1 unless the cold start is off. The mask of the
 * adversarial loss depends on D_nh itself, never on the cold start.
 *
 * The cold start chooses the first of equal cross-entropies. NaN counts as larger than every number, including infinity. So such an image
 * is chosen only if all M are NaN, and it carries the NaN into the loss, where a check for finite losses finds it.
 *
 * @param correct - [M][B]: whether the classifier assigns the label to denoised image m of image b.
 * @param crossEntropy - [M][B]: cross-entropy of that denoised image with the label.
 * @throws ShapeError if M is 0, a row differs in length from the first one, or the two arguments differ in shape.
 *
 * @example
 * const correct = [[true, false], [true, false]]
 * const crossEntropy = [[0.1, 2.5], [0.2, 1.5]]
 * const settings = { crossEntropy: 'selected', coldStart: true, adversarial: 'masked' } as const
 * selectImages(correct, crossEntropy, settings).weights // => [[1, 0], [1, 1]]
 * selectImages(correct, crossEntropy, settings).attacked // => [0]
 */
export function selectImages(
  correct: readonly (readonly boolean[])[],
  crossEntropy: readonly (readonly number[])[],
  options: SelectionOptions,
): Selection {
  const { noises, images } = commonShape(correct, crossEntropy)
  const everyImage = Array.from({ length: images }, (_, image) => image)
  const keptCounts = everyImage.map(image => correct.reduce((total, row) => total + (row[image] ? 1 : 0), 0))
  const standIns = everyImage.map(image =>
    options.coldStart && keptCounts[image] === 0 ? indexOfLowest(crossEntropy.map(row => row[image])) : -1,
  )
  const isLearnt = (noise: number, image: number) =>
    options.crossEntropy === 'all' || correct[noise]?.[image] === true || standIns[image] === noise
  const isAttacked = (image: number) =>
    options.adversarial === 'all' || (options.adversarial === 'masked' && keptCounts[image] === noises)

  return {
    weights: correct.map((_, noise) => everyImage.map(image => (isLearnt(noise, image) ? 1 : 0))),
    attacked: everyImage.filter(isAttacked),
    keptCounts,
  }
}

function commonShape(
  correct: readonly (readonly unknown[])[],
  crossEntropy: readonly (readonly unknown[])[],
): { noises: number; images: number } {
  const noises = correct.length
  const images = correct[0]?.length
  if (images === undefined) {
    throw new ShapeError('selectImages: correct has no rows, expected one for each of M >= 1 noises.', {
      remedy: 'Pass correct as [M][B].',
    })
  }
  if (crossEntropy.length !== noises) {
    throw new ShapeError(
      `selectImages: correct has ${noises} rows and crossEntropy ${crossEntropy.length}, expected M in both.`,
      { remedy: 'Pass both as [M][B] for the same noises and images.' },
    )
  }
  for (const [name, rows] of Object.entries({ correct, crossEntropy })) {
    const ragged = rows.findIndex(row => row.length !== images)
    if (ragged >= 0) {
      throw new ShapeError(
        `selectImages: ${name}[${ragged}] has ${rows[ragged]?.length} images, expected B = ${images} as in correct[0].`,
        { remedy: 'Pass both as [M][B] for the same noises and images.' },
      )
    }
  }
  return { noises, images }
}

/** Returns the index of the first lowest value, with NaN above every number. */
function indexOfLowest(values: readonly (number | undefined)[]): number {
  let lowest = 0
  let lowestValue = Number.NaN
  for (const [index, value = Number.NaN] of values.entries()) {
    if (value < lowestValue || (Number.isNaN(lowestValue) && !Number.isNaN(value))) {
      lowest = index
      lowestValue = value
    }
  }
  return lowest
}
