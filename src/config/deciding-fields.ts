import { type FieldDifference, fieldDifferences } from './differences'

/**
 * Fields that say where and how a run computes, not what. Paths are among them because weights and code are compared by
 * their hashes, and data by their digests and classes; limits of files because they refuse images, and change none.
 */
const PLACES = [
  'output',
  'device',
  'threads',
  'data.path',
  'data.classes',
  'data.workers',
  'data.maxMegapixels',
  'data.maxMegabytes',
  'smoothing.denoiser.path',
  'classifier.path',
  'classifier.file',
  'classifier.adapter',
  'certification',
]

/**
 * The fields in which two configurations train differently.
 *
 * @param options.except - further fields that may differ, with all below them
 */
export function decidingDifferences(
  before: unknown,
  after: unknown,
  { except = [] }: { readonly except?: readonly string[] } = {},
): FieldDifference[] {
  const harmless = [...PLACES, ...except]
  return fieldDifferences(before, after).filter(
    ({ field }) => !harmless.some(name => field === name || field.startsWith(`${name}.`)),
  )
}
