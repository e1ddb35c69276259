import { distance } from 'fastest-levenshtein'

/** Returns the probably intended name: the nearest one that differs in case, separators or a few letters; undefined if none. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const plain = plainOf(name)
  let nearest: { readonly name: string; readonly edits: number } | undefined
  for (const candidate of known) {
    const other = plainOf(candidate)
    const edits = distance(plain, other)
    const allowed = Math.floor(0.4 * Math.max(plain.length, other.length))
    if (edits <= allowed && edits < (nearest?.edits ?? Number.POSITIVE_INFINITY))
      nearest = { name: candidate, edits }
  }
  return nearest?.name
}

/** Returns ` Did you mean "cohen"?` to append to a sentence; empty if no name is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? '' : ` Did you mean ${JSON.stringify(nearest)}?`
}

function plainOf(name: string): string {
  return name.toLowerCase().replace(/[\s_.-]/g, '')
}
