import { type FieldDifference, fieldDifferences } from '../config/differences'

/** Fields about location and source of weights: the same weights may be anywhere. */
const PLACES = ['path', 'hub', 'commit', 'published']

/**
 * Returns the fields in which weights have changed: hashes of their files, of the code that makes the network, of its imports, and of the
 * adapters below it. Both sides are from `provenance`, by network.
 */
export function weightDifferences(before: unknown, after: unknown): FieldDifference[] {
  return fieldDifferences(before, after).filter(({ field }) => {
    const [, ...names] = field.split('.')
    return !PLACES.includes(names.join('.')) && field !== 'classifier.code.path'
  })
}
