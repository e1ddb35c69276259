import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { analyze } from '../../src/analysis/analyze'
import type { Table, WithClean } from '../../src/analysis/tables'
import { ConfigError } from '../../src/errors'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import curves from '../fixtures/curves.json'
import { configuration, cutShort, labelled, logOf, withClasses, withMetadata } from './logs'

const ours = labelled('ours', logOf('a', [1, 0.5, null, 0.5]))
const theirs = labelled('theirs', logOf('b', [0.5, 0.25, 0.1, null]))

const captions = (...[logs, options]: Parameters<typeof analyze>) =>
  analyze(logs, options).tables.map(({ caption }) => caption)

const UNCHECKED = 'Not checkable, as no votes say how radii and abstentions came about: all logs.'

it('leads with certified accuracy at quarters up to the largest radius; abstention and ACR come after, with a caveat', () => {
  const { tables, radii, notes, perClass } = analyze([...ours, ...theirs])
  expect(radii).toEqual([0, 0.25, 0.5, 0.75, 1])
  expect(tables).toHaveLength(1)
  expect(tables[0]?.columns.map(({ header }) => header)).toEqual([
    ...['method', 'r = 0', 'r = 0.25', 'r = 0.5', 'r = 0.75', 'r = 1'],
    ...['abstained', 'ACR'],
  ])
  expect(tables[0]?.caption).toContain('(ACR), which few images with large radii can carry')
  expect(tables[0]?.rows).toEqual([
    ['ours', 75, 75, 75, 25, 25, 25, 0.5],
    ['theirs', 75, 50, 25, 0, 0, 25, 0.2125],
  ])
  expect({ notes, perClass }).toEqual({ notes: [UNCHECKED], perClass: [] })
})

it('names the logs that are not checkable', async () => {
  const path = join(__dirname, '..', 'logs', 'format-1', 'certify.tsv')
  const own = labelled('own', await readCertificationLog(path))
  expect(analyze(own).notes.join()).not.toContain('Not checkable')
  expect(analyze([...own, ...theirs]).notes.at(-1)).toMatch(/^Not checkable.*: theirs\.$/)
})

it('reads logs of earlier versions as it read them then', async () => {
  const logs = await Promise.all(
    ['certify', 'adaptive'].map(async label => ({
      label,
      log: await readCertificationLog(join(__dirname, '..', 'logs', 'format-1', `${label}.tsv`)),
    })),
  )
  const { tables, notes } = analyze(logs, { radii: [0, 0.25] })
  expect(tables[0]?.rows).toEqual([
    ['certify', 60, 15, 40, expect.closeTo(0.112224, 5)],
    ['adaptive', expect.closeTo(55, 12), 10, 45, expect.closeTo(0.0375, 12)],
  ])
  expect(notes).toEqual([
    expect.stringMatching(/adaptive\.tsv is adaptive: \d+ votes an image in the mean, at most 1000\.$/),
    expect.stringMatching(/adaptive\.tsv was certified adaptively, at the radii 0, 0\.25, 0\.5, 0\.75 alone/),
    expect.stringMatching(/certify\.tsv does not say which images it is of/),
    expect.stringMatching(/adaptive\.tsv does not say which images it is of/),
  ])
})

it('takes mean and deviation over seeds', () => {
  const seeds = labelled('ours', logOf('a', [1, null]), logOf('b', [1, 1], { seed: 1 }))
  const [summary] = analyze(seeds, { radii: [1] }).tables
  const spread = (mean: number, deviation: number) => ({ mean, deviation: expect.closeTo(deviation, 12) })
  expect(summary?.caption).toMatch(/mean ± standard deviation over seeds/)
  expect(summary?.rows).toEqual([
    ['ours', spread(75, 25 * Math.SQRT2), spread(25, 25 * Math.SQRT2), spread(0.75, 0.25 * Math.SQRT2)],
  ])
})

it('takes the best over configurations and says which it was', () => {
  const logs = labelled('m', logOf('a', [0.5, 0.5], { sigma: 0.25 }), logOf('b', [2, null], { sigma: 1 }))
  const [summary, best] = analyze(logs, { envelope: true, radii: [0.5, 1] }).tables
  expect(summary?.columns.map(({ header }) => header)).toEqual(['method', 'σ', 'r = 0.5', 'r = 1'])
  expect(summary?.rows).toEqual([['m', '0.25, 1', { value: 100, clean: 100 }, { value: 50, clean: 50 }]])
  expect(best?.rows).toEqual([
    ['m', 0.5, 100, 100, 'm, σ = 0.25'],
    ['m', 1, 50, 50, 'm, σ = 1'],
  ])
  const lower = labelled('m', logOf('a', [0.5, 0.25], { sigma: 0.25 }), logOf('b', [0.1, null], { sigma: 1 }))
  const [form] = analyze(lower, { envelope: true, radii: [0.5] }).tables
  expect(form?.rows).toEqual([['m', '0.25, 1', { value: 50, clean: 100 }]])
})

it('marks partial logs in every table', () => {
  const logs = labelled('cut', cutShort(logOf('a', [1, 0.5])))
  const { tables, perClass, notes } = analyze(logs, {
    perClass: true,
    highProbability: {},
    lInfinity: { dimensions: 64, epsilons: [{ text: '0', value: 0 }] },
    paper: ['table1_cifar10'],
  })
  for (const { rows } of tables) expect(rows[0]?.[0]).toBe('cut (partial)')
  expect(perClass[0]?.caption).toMatch(/^cut \(partial\): /)
  expect(notes[0]).toMatch(/^a is partial/)
})

it('bounds each log with its own alpha, never below 0', () => {
  const [, bounds] = analyze([...ours, ...theirs], {
    radii: [0, 1],
    highProbability: { rho: 0.001 },
  }).tables
  // One of four certificates is wrong with probability 0.004, two with 6e-6: one is taken off.
  expect(bounds?.rows).toEqual([
    ['ours', 0.001, 50, 0],
    ['theirs', 0.001, 50, 0],
  ])
})

it('takes nothing off a log whose alpha covers all of its images, unless rho is less', () => {
  const whole = { ...configuration, alpha: 0.00025, familyWise: { alpha: 0.001, images: 4 } }
  const logs = labelled('whole', withMetadata(logOf('w', [1, 0.5, 0.25, null]), { configuration: whole }))
  const bounds = (rho: number) => analyze(logs, { radii: [0, 0.5], highProbability: { rho } }).tables[1]?.rows
  expect(bounds(0.001)).toEqual([['whole', 0.00025, 75, 50]])
  expect(bounds(0.0005)?.[0]?.[2]).toBeLessThan(75)
})

it.each([
  ['needs an alpha for a log that says none', 'undocumented' as const, {}, /Nothing says with which alpha a/],
  [
    'does not take another alpha than the log says',
    {},
    { alpha: 0.01 },
    /a was certified with alpha = 0.001/,
  ],
])('the bound %s', (_what, changes, highProbability, reason) => {
  const logs = labelled('m', logOf('a', [1], changes))
  expect(() => analyze(logs, { highProbability })).toThrow(ConfigError)
  expect(() => analyze(logs, { highProbability })).toThrow(reason)
})

it('converts to ℓ∞', () => {
  const epsilons = [1 / 16, 1 / 8, 1 / 4].map(value => ({ text: String(value), value }))
  const [, table] = analyze(ours, { lInfinity: { dimensions: 64, epsilons } }).tables
  expect(table?.rows).toEqual([['ours', 75, 25, 0]])
})

it('marks the largest accuracy where rows are methods, not where they are classes, differences or figures', () => {
  const { tables, perClass } = analyze([...ours, ...theirs], {
    ...{
      radii: [0.5],
      perClass: true,
      highProbability: {},
      frontier: 'cifar10',
      compare: ['ours', 'theirs'],
    },
    ...{ paper: ['table1_cifar10'] },
  })
  const marked = [...tables, ...perClass].map(({ columns }) => columns.some(({ best }) => best !== undefined))
  // Summary, bounds, the paper, differences to it, later publications, the paired comparison; classes of each.
  expect(marked).toEqual([true, true, true, false, true, false, false, false])
})

it('has a table by class for each run', () => {
  const { perClass } = analyze(ours, { perClass: true, radii: [0.75] })
  expect(perClass.map(({ rows }) => rows)).toEqual([
    [
      ['0', 2, 50, 0.5],
      ['1', 2, 0, 0.5],
    ],
  ])
})

it('calls classes by their names in it', () => {
  const log = withClasses(logOf('a', [1, 0.5, null, 0.5]), ['bowl', 'mug'])
  const classes = (...logs: Parameters<typeof labelled>[1][]) =>
    analyze(labelled('ours', ...logs), { perClass: true, radii: [0], allowDifferent: true }).perClass.map(
      ({ rows }) => rows.map(([name]) => name),
    )
  expect(classes(log)).toEqual([['bowl', 'mug']])
  // Of several seeds the first that names them.
  expect(classes(logOf('b', [1, 0.5, null, 0.5]), log)).toEqual([['bowl', 'mug']])
})

describe('a paired comparison', () => {
  it('has both, the difference and its interval', () => {
    const table = analyze([...ours, ...theirs], { radii: [0.5], compare: ['ours', 'theirs'] }).tables.at(-1)
    expect(table?.caption).toMatch(/^ours and theirs on the same 4 images: .* 95 % bootstrap intervals/)
    expect(table?.rows.slice(0, 3)).toEqual([
      ['ours', 75, 0.5],
      ['theirs', 25, 0.2125],
      ['difference', 50, expect.closeTo(0.2875, 12)],
    ])
    const [atLeast, atMost] = [table?.rows[3], table?.rows[4]]
    expect(atLeast?.[2]).toBeLessThan(0.2875)
    expect(atMost?.[2]).toBeGreaterThan(0.2875)
  })

  it('refuses logs of other data', () => {
    const of = (digest: string) =>
      withMetadata(logOf(digest, [1, 0.5]), {
        configuration: { ...configuration, data: { classNames: ['dark', 'light'], digest } },
      })
    const logs = [...labelled('ours', of('aa')), ...labelled('theirs', of('bb'))]
    expect(() => analyze(logs, { compare: ['ours', 'theirs'] })).toThrow(
      /image by image .*data.digest: "aa" and "bb"/s,
    )
  })

  it('refuses an unknown label, and an envelope', () => {
    expect(() => analyze(ours, { compare: ['ours', 'x'] })).toThrow(/labelled "x", expected one of "ours"/)
    const logs = [...ours, ...labelled('ours', logOf('c', [1, 1, 1, 1], { sigma: 1 })), ...theirs]
    expect(() => analyze(logs, { envelope: true, compare: ['ours', 'theirs'] })).toThrow(
      /envelope of several/,
    )
  })
})

it("says that the paper's Table 1 is an envelope, unless the logs are one too", () => {
  const paper = ['table1_cifar10']
  expect(analyze(ours, { paper }).notes.join()).toMatch(/best over σ/)
  expect(analyze(ours, { paper, envelope: true }).notes).toEqual([UNCHECKED])
  expect(analyze(ours, { paper: ['table5_cifar10_sigma1.00_objective'] }).notes).toEqual([UNCHECKED])
  expect(captions(ours, { paper })).toHaveLength(3)
})

// The logs are other people's and not part of this project: FT_CADIS_LOGS names a folder that holds them.
const folder = process.env.FT_CADIS_LOGS
describe.skipIf(folder === undefined)('on published logs', () => {
  const read = async (name: string) => readCertificationLog(join(folder as string, name))

  it("comes to the Cohen row of the paper's Table 1", async () => {
    const names = ['0.25', '0.5', '1.0'].map(sigma => `cifar10-cohen-sigma${sigma}.tsv`)
    const logs = labelled('cohen', ...(await Promise.all(names.map(read))))
    const radii = [0.25, 0.5, 0.75, 1, 1.25, 1.5]
    const [summary] = analyze(logs, { envelope: true, radii }).tables
    const row = firstRow(summary)
    expect(row.method).toBe('cohen')
    const accuracies = radii.map(radius => (row[`r = ${radius}`] as WithClean).value)
    expect(accuracies.map(accuracy => accuracy.toFixed(1))).toEqual([
      ...['61.2', '42.8', '32.5', '22.1', '17.2', '13.3'],
    ])
    // What the paper prints: the same in whole percent but for 1.5, where it prints 14.
    expect(accuracies.map(accuracy => Math.floor(accuracy + 0.5))).toEqual([61, 43, 32, 22, 17, 13])
  })

  it.each(curves.cases)(
    'agrees with the reference on $file',
    async ({ file, acr, certified_accuracy, ...expected }) => {
      const [summary] = analyze(labelled('m', await read(file)), { radii: curves.radii }).tables
      const { ACR, abstained, method: _, ...accuracies } = firstRow(summary)
      expect(ACR).toBeCloseTo(acr, 12)
      expect(abstained).toBeCloseTo((100 * expected.num_abstain) / expected.num_examples, 10)
      expect(Object.keys(accuracies)).toEqual(curves.radii.map(radius => `r = ${radius}`))
      for (const [place, accuracy] of certified_accuracy.entries())
        expect(accuracies[`r = ${curves.radii[place]}`]).toBeCloseTo(100 * accuracy, 10)
    },
  )
})

/** The first row of a table, by header. */
function firstRow(table: Table | undefined): Record<string, unknown> {
  const cells = table?.rows[0] ?? []
  return Object.fromEntries((table?.columns ?? []).map(({ header }, place) => [header, cells[place]]))
}
