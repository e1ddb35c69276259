import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { DataError } from '../../errors'
import { PACKAGE_FOLDER } from '../../files/package-folder'
import { firstIssue } from '../../files/read-json'
import { radiusColumns } from '../accuracy-table'
import { accuraciesOf } from '../measures'
import type { Method } from '../runs'
import type { Table } from '../tables'

const text = z.string().min(1)

/** A published row, and how well the publication has been verified. */
const rowSchema = z
  .strictObject({
    method: text,
    data: z.enum(['cifar10', 'imagenet']),
    /** ℓ2, on the [0, 1] pixel scale, ascending. */
    radii: z.array(z.number().nonnegative()).min(1),
    /** Certified accuracy in percent, one per radius. */
    accuracies: z.array(z.number().min(0).max(100)),
    published: text,
    source: text,
    date: z.iso.date(),
    /** Whether the source itself was read, only its abstract, or a third party's account. */
    checked: z.enum(['read', 'abstract', 'third party']),
  })
  .refine(({ radii, accuracies }) => radii.length === accuracies.length, {
    path: ['accuracies'],
    error: 'expected one for each radius',
  })

const schema = z.strictObject({ rows: z.array(rowSchema) })

export type FrontierRow = Readonly<z.output<typeof rowSchema>>

const FILE = join(PACKAGE_FOLDER, 'assets', 'frontier.json')

/**
 * Returns rows published besides the paper's, with their source, the date of its verification, and the kind of verification.
 *
 * @throws DataError if the file is invalid
 */
export function frontierRows(content: string = readFileSync(FILE, 'utf8')): readonly FrontierRow[] {
  const parsed = schema.safeParse(JSON.parse(content))
  if (parsed.success) return parsed.data.rows
  throw new DataError(`assets/frontier.json is damaged: ${firstIssue(parsed.error)}.`, {
    remedy: 'Install the package again.',
    cause: parsed.error,
  })
}

/** Returns the methods and the published rows for their data, at all radii of these rows. */
export function frontierTable(methods: readonly Method[], rows: readonly FrontierRow[]): Table {
  const radii = [...new Set(rows.flatMap(row => row.radii))].sort((a, b) => a - b)
  return {
    caption:
      'Certified accuracy in percent at ℓ2 radius r, beside published rows: data, networks, training and n differ between them',
    columns: [
      ...[{ header: 'method' }, { header: 'source' }, { header: 'checked' }],
      ...radiusColumns(radii, { best: 'largest' }),
    ],
    rows: [
      ...methods.map(method => [method.name, 'logs', null, ...accuraciesOf(method, radii)]),
      ...rows.map(row => [
        row.method,
        `${row.published}: ${row.source}`,
        `${row.checked}, ${row.date}`,
        ...radii.map(radius => row.accuracies[row.radii.indexOf(radius)] ?? null),
      ]),
    ],
  }
}
