import { z } from 'zod'
import { DATA_SETS, type DataSource } from './sources/data-sets'
import { findSource, schemasOf } from './sources/source'

/** The images. */
export const dataSchema = z.discriminatedUnion('source', schemasOf(DATA_SETS))

/** Returns the source of the images. */
export function sourceOfData(data: { readonly source: string }): DataSource {
  return findSource<DataSource>(DATA_SETS, data)
}
