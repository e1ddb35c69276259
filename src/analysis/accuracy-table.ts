import { ConfigError } from '../errors'
import { NORM_TEXT } from '../statistics/bound'
import { averageCertifiedRadius, certifiedAccuracy } from './certified-accuracy'
import { type AveragedLogs, requireOneSetOfImages } from './same-images'
import type { Cell, Column, MeanAndDeviation, Table } from './tables'

/** A caveat for every column of ACR. */
export const ACR = 'the average certified radius (ACR), which few images with large radii can carry'

/** Returns columns for accuracies in percent at ℓ2 radii. `best` applies if rows are methods. */
export function radiusColumns(radii: readonly number[], { best }: Pick<Column, 'best'> = {}): Column[] {
  return radii.map(radius => ({ header: `r = ${radius}`, digits: 1, ...(best && { best }) }))
}

/** A method and its logs, one per training seed. */
export interface LabelledLogs extends AveragedLogs {
  readonly label: string
}

/**
 * Returns certified accuracy at radii and ACR, one row per method; over several seeds, mean and sample standard deviation. If the logs hold
 * different numbers of images, a column shows them, since such rows are not comparable.
 *
 * @param radii on the [0, 1] pixel scale
 * @param options - `norm`: of the radii, in display form. Default: ℓ2
 * @throws ConfigError for a method without logs, or with logs of different images; otherwise as `certifiedAccuracy`
 */
export function accuracyTable(
  methods: readonly LabelledLogs[],
  radii: readonly number[],
  { norm = NORM_TEXT.l2 }: { readonly norm?: string } = {},
): Table {
  const severalSeeds = methods.some(({ logs }) => logs.length > 1)
  const sizes = methods.map(({ logs }) => [...new Set(logs.map(rows => rows.length))])
  const showImages = new Set(sizes.flat()).size > 1
  return {
    caption: `Certified accuracy in percent at ${norm} radius r, and ${ACR}${severalSeeds ? '; mean ± standard deviation over seeds' : ''}`,
    columns: [
      { header: 'method' },
      ...(showImages ? [{ header: 'images' }] : []),
      ...radiusColumns(radii, { best: 'largest' }),
      { header: 'ACR', digits: 3 },
    ],
    rows: methods.map(({ label, logs, allowDifferent }, position): Cell[] => {
      if (logs.length === 0) {
        throw new ConfigError(`The method "${label}" has no logs, expected at least one.`, {
          remedy: 'Pass the log of each seed, or leave the method out.',
        })
      }
      requireOneSetOfImages(`"${label}"`, { logs, allowDifferent })
      const accuracies = logs.map(rows => certifiedAccuracy(rows, radii))
      return [
        label,
        ...(showImages ? [(sizes[position] as number[]).join(', ')] : []),
        ...radii.map((_, column) => overSeeds(accuracies.map(shares => 100 * (shares[column] as number)))),
        overSeeds(logs.map(averageCertifiedRadius)),
      ]
    }),
  }
}

/** Returns the ACR of every seed, one row per method, so that no average hides a different order on some seeds. */
export function acrBySeedTable(
  arms: readonly LabelledLogs[],
  {
    seeds = [...Array(Math.max(...arms.map(({ logs }) => logs.length))).keys()],
  }: { seeds?: readonly number[] } = {},
): Table {
  return {
    caption: 'Average certified radius by seed',
    columns: [{ header: 'method' }, ...seeds.map(seed => ({ header: `seed ${seed}`, digits: 4 }))],
    rows: arms.map(({ label, logs }) => [
      label,
      ...seeds.map((_, position) => {
        const rows = logs[position]
        return rows === undefined ? null : averageCertifiedRadius(rows)
      }),
    ]),
  }
}

/** Returns the value of a single run, or mean and sample standard deviation of several. */
export function overSeeds(values: readonly number[]): number | MeanAndDeviation {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (values.length < 2) return mean
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return { mean, deviation: Math.sqrt(variance) }
}
