import { type FieldDifference, fieldDifferences } from './differences'

/**
 * Fields that decide where and how a run computes, but not its result. They include paths, because weights and code are
 * compared by hash, and data by digest and classes; and file limits, because these only refuse images.
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
 * Returns the fields in which two configurations train differently.
 *
 * @param options - `except`: further fields that may differ, with all below them
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
