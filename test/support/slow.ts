/** Whether every case of a table is tested, and not only those that differ most: `npm run test:slow` does. */
export const IS_SLOW_RUN = process.env.FT_CADIS_SLOW === '1'

/** The cases of a table that this run tests: the first ones, or all in a slow run. */
export function casesOf<Case>(first: readonly Case[], others: readonly Case[]): Case[] {
  return IS_SLOW_RUN ? [...first, ...others] : [...first]
}

/** The cases of a list that this run tests: the named ones, or all in a slow run. */
export function namedOf<Case>(all: readonly Case[], named: readonly NoInfer<Case>[]): Case[] {
  return all.filter(one => IS_SLOW_RUN || named.includes(one))
}
