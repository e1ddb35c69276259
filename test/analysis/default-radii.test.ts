import { expect, it } from 'vitest'
import { defaultRadii } from '../../src/analysis/default-radii'
import { logOf } from './logs'

/** Columns for logs of CERTIFY whose largest radius is this. */
const radiiTo = (largest: number) => defaultRadii([logOf('a', [largest / 2]), logOf('b', [0.01, largest])])

/** Columns for a log that decides at single radii, by those of each image. */
function atSingleRadii(...images: readonly (readonly number[])[]) {
  const log = logOf(
    'a',
    images.map(radii => Math.max(0, ...radii)),
  )
  const rows = log.rows.map((row, place) => ({
    ...row,
    finding: {
      ...({ kind: 'certified-at', class: row.label, refused: [] } as const),
      radii: images[place] ?? [],
    },
  }))
  return defaultRadii([{ rows }])
}

it.each([
  [5000, 40, 128],
  [10, 41, 0.25],
  [2, 9, 0.25],
  [0.5, 3, 0.25],
])('has quarters up to %f, or doubles of them where these are too many', (largest, columns, step) => {
  expect(radiiTo(largest)).toHaveLength(columns)
  expect(radiiTo(largest)[1]).toBe(step)
})

it.each([
  [0.499, [0, 0.1, 0.2, 0.3, 0.4]],
  [0.3, [0, 0.1, 0.2, 0.3]],
  [0.2, [0, 0.1, 0.2]],
  [0.199, [0, 0.05, 0.1, 0.15]],
  [0.1, [0, 0.05, 0.1]],
  [0.07, [0, 0.02, 0.04, 0.06]],
  [0.03, [0, 0.01, 0.02, 0.03]],
  [0.01, [0, 0.01]],
  [0, [0]],
])('has smaller steps up to %f, so that two columns have something', (largest, expected) => {
  expect(defaultRadii([logOf('a', [largest, null])])).toEqual(expected)
})

it('leaves out no radius that is the largest of a log at single radii', () => {
  expect(atSingleRadii([0, 0.25], [0])).toEqual([0, 0.1, 0.2, 0.25])
  expect(atSingleRadii([0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35])).toEqual([0, 0.1, 0.2, 0.3, 0.35])
  expect(atSingleRadii([0, 0.1, 0.2])).toEqual([0, 0.1, 0.2])
  expect(atSingleRadii([0, 0.25, 0.6])).toEqual([0, 0.25, 0.5])
  expect(atSingleRadii([])).toEqual([0])
})

it('does not count what is certified of a wrong class', () => {
  const [right, wrong] = logOf('a', [0.07, 0.9]).rows
  if (right === undefined || wrong === undefined) throw new Error('Two rows expected.')
  expect(defaultRadii([{ rows: [right, { ...wrong, correct: false }] }])).toEqual([0, 0.02, 0.04, 0.06])
})
