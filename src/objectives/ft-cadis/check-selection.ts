import { ShapeError } from '../../errors'
import type { Selection } from './select-images'

/**
 * Checks that a selection fits the micro-batch.
 *
 * @param shape - M noises and B images
 * @param rule - name of the rule that made the selection
 * @throws ShapeError that names the rule, the field, and the expected value
 */
export function checkSelection(
  selection: Selection,
  { noises, images, rule }: { readonly noises: number; readonly images: number; readonly rule: string },
): void {
  const refuse = (field: string, expected: string, got: string): never => {
    throw new ShapeError(`The selection rule ${rule} returned ${field}: expected ${expected}, got ${got}.`, {
      remedy: 'Return weights as [M][B], indices of images in attacked, and keptCounts as [B].',
    })
  }
  const { weights, attacked, keptCounts } = Object(selection) as Partial<Selection>
  if (!Array.isArray(weights) || weights.length !== noises) {
    refuse('weights', `a row for each of M = ${noises} noises`, sizeOf(weights, 'rows'))
  }
  for (const [noise, row] of (weights ?? []).entries()) {
    const field = `weights[${noise}]`
    if (!Array.isArray(row) || row.length !== images) {
      refuse(field, `a weight for each of B = ${images} images`, sizeOf(row, 'weights'))
    }
    const image = row.findIndex((weight: unknown) => !Number.isFinite(weight))
    if (image >= 0) refuse(`${field}[${image}]`, 'a finite number', String(row[image]))
  }
  if (!Array.isArray(attacked)) refuse('attacked', 'a list of images', sizeOf(attacked, 'images'))
  for (const [place, image] of (attacked ?? []).entries()) {
    const field = `attacked[${place}]`
    if (!(Number.isInteger(image) && image >= 0 && image < images)) {
      refuse(field, `an image from 0 to ${images - 1}`, String(image))
    }
    if (attacked?.indexOf(image) !== place) refuse(field, 'each image once', `${image} again`)
  }
  if (!Array.isArray(keptCounts) || keptCounts.length !== images) {
    refuse('keptCounts', `a count for each of B = ${images} images`, sizeOf(keptCounts, 'counts'))
  }
  const image = (keptCounts ?? []).findIndex(
    count => !(Number.isInteger(count) && count >= 0 && count <= noises),
  )
  if (image >= 0) {
    refuse(`keptCounts[${image}]`, `an integer from 0 to M = ${noises}`, String(keptCounts?.[image]))
  }
}

function sizeOf(value: unknown, what: string): string {
  if (Array.isArray(value)) return `${value.length} ${what}`
  return value instanceof Promise ? 'a promise' : String(value)
}
