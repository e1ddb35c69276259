import { ConfigError } from '../../errors'
import { didYouMean } from '../../files/nearest-name'

/**
 * Returns the rows whose names start with one of these prefixes, in their order; all rows without prefixes.
 *
 * @param nameOf - returns the name of a row
 * @throws ConfigError for a prefix that no row starts with
 */
export function chooseRows<Row>(
  rows: readonly Row[],
  words: readonly string[] | undefined,
  nameOf: (row: Row) => string,
): readonly Row[] {
  if (words === undefined) return rows
  const begins = (row: Row, word: string) => nameOf(row).toLowerCase().startsWith(word.toLowerCase())
  for (const word of words) {
    if (rows.some(row => begins(row, word))) continue
    const names = rows.map(nameOf)
    throw new ConfigError(
      `No row begins with ${JSON.stringify(word)}, expected ${names.join('; ')}.${didYouMean(word, names)}`,
      { remedy: 'Name rows by how they begin.' },
    )
  }
  return rows.filter(row => words.some(word => begins(row, word)))
}
