import type { z } from 'zod'

/** The settings of one source of networks or images. `source` names it and its Python file. */
export type SourceSchema<Fields extends z.core.$ZodShape = Record<never, never>> = z.ZodObject<
  { source: z.ZodLiteral<string> } & Fields,
  z.core.$ZodObjectConfig
>

/** An entry of a table of sources. */
export interface Source<Schema extends SourceSchema = SourceSchema> {
  readonly settings: Schema
}

/** Returns the schemas of a table, to form their union. */
export function schemasOf<const Table extends readonly [Source, ...Source[]]>(table: Table) {
  return table.map(({ settings }) => settings) as unknown as {
    [Index in keyof Table]: Table[Index]['settings']
  }
}

/**
 * Returns the entry that the settings belong to.
 *
 * @throws RangeError if the table has none, which the union of its schemas refuses
 */
export function findSource<Entry extends Source>(
  table: readonly Entry[],
  { source }: { readonly source: string },
): Entry {
  const found = table.find(({ settings }) => settings.shape.source.value === source)
  if (found === undefined) throw new RangeError(`Unknown source ${source}.`)
  return found
}
