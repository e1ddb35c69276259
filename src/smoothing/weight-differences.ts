import { type FieldDifference, fieldDifferences } from '../config/differences'

/** Where weights lie and how they came there: the same ones may lie anywhere. */
const PLACES = ['path', 'hub', 'commit', 'published']

/**
 * The fields in which weights are others than before: hashes of their files, of the code that makes the network, of what that
 * imports, and of the adapters below it. Both sides are what `provenance` says, by network.
 */
export function weightDifferences(before: unknown, after: unknown): FieldDifference[] {
  return fieldDifferences(before, after).filter(({ field }) => {
    const [, ...names] = field.split('.')
    return !PLACES.includes(names.join('.')) && field !== 'classifier.code.path'
  })
}
