import { describe, expect, it } from 'vitest'
import { accuracyTable } from '../../src/analysis/accuracy-table'
import { analysisPage, curvesChart } from '../../src/analysis/analysis-page'
import { analyze } from '../../src/analysis/analyze'
import { bestOverRuns } from '../../src/analysis/envelope'
import { knownSettings } from '../../src/analysis/known-settings'
import { comparePaired } from '../../src/analysis/paired-comparison'
import { certifiedAccuracyCurves } from '../../src/analysis/plots'
import { renderReport } from '../../src/analysis/report'
import { groupLogs } from '../../src/analysis/runs'
import { notesOn } from '../../src/analysis/settings'
import { renderTables, TABLE_FORMATS } from '../../src/analysis/tables'
import { ConfigError, DataError } from '../../src/errors'
import type { CertificationLog } from '../../src/logs/certification-log-file'
import { loggedRow } from '../support/logged-row'
import { configuration, labelled, logOf } from './logs'

const undocumented = (file: string, ...radii: number[]) => logOf(file, radii, 'undocumented')

/** The log with other positions of its images. */
const at = (log: CertificationLog, ...indices: number[]): CertificationLog => ({
  ...log,
  rows: log.rows.map((row, position) => ({ ...row, index: indices[position] ?? row.index, label: 0 })),
})

const everyThird = at(logOf('every.tsv', [1, 1, 1]), 0, 20, 40)
const relabelled = { ...everyThird, rows: everyThird.rows.map(row => ({ ...row, label: 3 })) }
const others = at(logOf('others.tsv', [1, 1, 1], { seed: 1 }), 1, 21, 41)

describe('σ of a log without .json', () => {
  it.each([
    ['its name', undocumented('x/cohen-sigma0.25.tsv', 0.3), 0.25, 'the name of its file'],
    ['its name', undocumented('sigma_1.0', 0.3), 1, 'the name of its file'],
    ['its name', undocumented('noise_.5.txt', 0.3), 0.5, 'the name of its file'],
    ['its largest radius', undocumented('a', 0.3, 0.953), 0.25, 'its largest radius 0.953'],
    ['its largest radius', undocumented('a', 1.906, 0.3), 0.5, 'its largest radius 1.906'],
    ['its largest radius', undocumented('a', 1.91, 0.3), 0.5, 'its largest radius 1.91'],
    ['its largest radius', undocumented('a', 3.81), 1, 'its largest radius 3.81'],
    ['its largest radius', undocumented('a', 0.457), 0.12, 'its largest radius 0.457'],
    [
      'its radius where the name cannot be',
      undocumented('sigma0.25', 1.906),
      0.5,
      'its largest radius 1.906',
    ],
  ])('is inferred from %s', (_what, log, value, from) => {
    expect(knownSettings(log)).toEqual({ sigma: { value, inferredFrom: expect.stringContaining(from) } })
    expect(notesOn(groupLogs(labelled('a', log)))).toContainEqual(
      expect.stringMatching(`^σ of ${log.file} is ${value} \\(inferred from `),
    )
  })

  it.each([
    ['sigma025', 0.3],
    ['a', 0.9],
    ['a', 0],
    ['insigmaficant', 0.3],
  ])('is not known of %s with the largest radius %d', (file, radius) => {
    expect(knownSettings(undocumented(file, radius))).toEqual({})
  })

  it('is that of its votes where it has some', () => {
    expect(knownSettings({ file: 'sigma1', rows: [loggedRow({ index: 0 })] })).toEqual({
      ...{ n0: { value: 100 }, n: { value: 1000 }, sigma: { value: 0.5 }, alpha: { value: 0.001 } },
    })
  })

  it('has a cell where other logs say theirs', () => {
    const logs = [...labelled('ours', logOf('a', [1])), ...labelled('cohen', undocumented('sigma0.25', 0.3))]
    const [table] = analyze(logs, { radii: [0] }).tables
    expect(table?.columns[1]?.header).toBe('σ')
    expect(table?.rows.map(row => row[1])).toEqual([0.5, '0.25 (inferred)'])
  })
})

describe('one label', () => {
  it.each([
    [
      'names',
      [undocumented('sigma0.25', 0.3), undocumented('sigma0.5', 0.3)],
      /sigma: 0\.25 \(inferred .*\) and 0\.5/,
    ],
    [
      'largest radii',
      [undocumented('a', 0.953), undocumented('b', 1.906)],
      /sigma: 0\.25 \(inferred .*\) and 0\.5/,
    ],
    [
      'largest radii of unknown n',
      [undocumented('a', 0.616, 0.616), undocumented('b', 1.232, 1.232)],
      /largest radius, of several images each: 0\.616 and 1\.232/,
    ],
    [
      'names, beside a log of which nothing is known',
      [undocumented('a', 0.1), undocumented('sigma0.25', 0.3), undocumented('sigma0.5', 0.3)],
      /sigma0\.25 and sigma0\.5 .*\n {2}sigma: 0\.25/,
    ],
    [
      'positions',
      [everyThird, others],
      /\(3\) hold different images: 0-40\/20 in the first alone, 1-41\/20 in the second/,
    ],
    ['labels', [everyThird, relabelled], /label of image 0: 0 and 3/],
  ] as const)('refuses logs of other %s', (_what, logs, reason) => {
    const given = labelled('m', ...logs)
    expect(() => groupLogs(given)).toThrow(ConfigError)
    expect(() => groupLogs(given)).toThrow(reason)
    expect(() => groupLogs(given)).toThrow(/--allow-different/)
  })

  it('takes radii that a seed moves for seeds', () => {
    const logs = labelled('m', undocumented('a', 0.6, 0.3), undocumented('b', 0.4, 0.35))
    expect(groupLogs(logs)[0]?.runs).toHaveLength(1)
  })

  it('is of one set of images in an envelope, whose settings may differ', () => {
    const of = (log: CertificationLog, changes: object): CertificationLog => ({
      ...log,
      metadata: { format: 2, configuration: { ...configuration, ...changes } },
    })
    const same = labelled('m', everyThird, of({ ...everyThird, file: 'b' }, { sigma: 1, n: 100 }))
    expect(groupLogs(same, { envelope: true })[0]?.runs).toHaveLength(2)
    const other = labelled('m', everyThird, of(others, { sigma: 1 }))
    expect(() => groupLogs(other, { envelope: true })).toThrow(/must be of the same images.*hold different/s)
    const [method] = groupLogs(other, { envelope: true, allowDifferent: true })
    expect(method?.name).toBe('m (mixed)')
    expect(method?.differences).toEqual([expect.stringMatching(/^every\.tsv and others\.tsv differ: .*hold/)])
  })
})

describe('different logs that are allowed', () => {
  const logs = labelled(
    'm',
    undocumented('sigma0.25', 0.953, 0.25),
    at(undocumented('sigma0.5', 1.906, 0.5), 0, 7),
  )
  const analysis = analyze(logs, { allowDifferent: true, perClass: true, highProbability: { alpha: 0.001 } })
  const said = /sigma0\.25 and sigma0\.5 differ: sigma: 0\.25 .*inferred.* and 0\.5/

  it.each(TABLE_FORMATS)('are said to be in each table in %s', format => {
    for (const table of [...analysis.tables, ...analysis.perClass]) {
      const text = renderTables({ tables: [table], notes: [] }, format)
      expect(text).toMatch(said)
    }
    expect(renderTables(analysis, format)).toContain('m (mixed)')
  })

  it('are comments before the header in CSV', () => {
    const [table] = analysis.tables
    const lines = renderTables({ tables: table ? [table] : [], notes: [] }, 'csv').split('\n')
    expect(lines[0]).toMatch(/^# sigma0\.25 and/)
    expect(lines[1]).toMatch(/^method,/)
  })

  it('are said to be on the page and in the notes, and marked in the curves', async () => {
    expect(analysis.notes[0]).toMatch(said)
    const page = renderReport(await analysisPage(analysis))
    expect(page.match(new RegExp(`<p>${said.source}`, 'g'))?.length).toBeGreaterThan(2)
    expect(await curvesChart(analysis)).toContain('m (mixed)')
  })

  it('are refused where nothing allows them', () => {
    expect(() => analyze(logs)).toThrow(/were certified differently/)
  })
})

describe('a paired comparison', () => {
  const compared = (changes: object) => [
    ...labelled('a', logOf('a.tsv', [1, 0.5])),
    ...labelled('b', logOf('b.tsv', [0.5, 0.5], { classifier: 'other', seed: 4, ...changes })),
  ]

  it.each([
    ['sigma', { sigma: 0.25 }],
    ['n', { n: 100 }],
    ['alpha', { alpha: 0.01 }],
    ['procedure.kind', { procedure: { kind: 'sized' } }],
  ])('refuses logs of another %s, unless that is allowed', (field, changes) => {
    const given = compared(changes)
    expect(() => analyze(given, { compare: ['a', 'b'] })).toThrow(ConfigError)
    expect(() => analyze(given, { compare: ['a', 'b'] })).toThrow(
      new RegExp(`certified alike.*\n {2}${field}: `, 's'),
    )
    const table = analyze(given, { compare: ['a', 'b'], allowDifferent: true }).tables.at(-1)
    expect(table?.notes).toEqual([expect.stringMatching(`^a\\.tsv and b\\.tsv differ: ${field}: `)])
  })

  it('is of classifiers and seeds of any kind', () => {
    expect(analyze(compared({}), { compare: ['a', 'b'] }).tables.at(-1)?.notes).toBeUndefined()
  })

  it('refuses rows of other pixels', () => {
    const rows = (digest: string) => [{ ...loggedRow({ index: 0 }), digest }]
    expect(() => comparePaired([rows('aa')], [rows('bb')])).toThrow(DataError)
    expect(() => comparePaired([rows('aa')], [rows('bb')])).toThrow(
      /image 0 has the pixels aa in the first and bb/,
    )
  })
})

describe('functions of rows', () => {
  const averages = {
    accuracyTable: (logs: readonly CertificationLog[], allowDifferent: boolean) =>
      accuracyTable([{ label: 'm', logs: logs.map(({ rows }) => rows), allowDifferent }], [0]),
    certifiedAccuracyCurves: (logs: readonly CertificationLog[], allowDifferent: boolean) =>
      certifiedAccuracyCurves([{ label: 'm', logs: logs.map(({ rows }) => rows), allowDifferent }]),
    bestOverRuns: (logs: readonly CertificationLog[], allowDifferent: boolean) =>
      bestOverRuns([{ logs, allowDifferent }], [0]),
  }
  const withDigest = (digest: string) => ({
    ...everyThird,
    rows: everyThird.rows.map(row => ({ ...row, digest })),
  })

  it.each(Object.entries(averages))('%s refuses to average different images', (_name, average) => {
    expect(() => average([everyThird, others], false)).toThrow(/image 1 is in one of them alone/)
    expect(() => average([everyThird, relabelled], false)).toThrow(/image 0 has the labels 0 and 3/)
    expect(() => average([withDigest('aa'), withDigest('bb')], false)).toThrow(/has the digests aa and bb/)
    expect(() => average([everyThird, others], true)).not.toThrow()
    expect(() => average([everyThird, withDigest('aa')], false)).not.toThrow()
  })
})

it('notes other images and other settings of different labels', () => {
  const notes = notesOn(
    groupLogs([
      ...labelled('a', everyThird),
      ...labelled('b', others),
      ...labelled('c', {
        ...everyThird,
        file: 'c',
        metadata: { format: 2, configuration: { ...configuration, radiusSigma: 'min' } },
      }),
    ]),
  )
  expect(notes).toEqual([
    expect.stringMatching(/^every\.tsv and others\.tsv are of other images \(.*0-40\/20 in the first alone/),
    'every.tsv and c were certified differently (radiusSigma: absent and "min").',
  ])
})
