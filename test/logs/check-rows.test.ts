import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acesCertifier } from '../../src/certification/certifiers'
import { certifyFromCounts } from '../../src/certification/statistics'
import { formatRow, parseLog, rowOf } from '../../src/logs/certification-log'
import { CertificationLogWriter, readCertificationLog } from '../../src/logs/certification-log-file'
import { isChecked } from '../../src/logs/check-rows'
import { mergeShards } from '../../src/logs/merge-shards'
import type { EvidencePart } from '../../src/logs/outcome'
import { planMetadata, shardPath } from '../../src/logs/shards'
import { gaussianBound } from '../../src/statistics/bound'
import { uniformOfBound } from '../../src/statistics/uniform-of-bound'
import { configurationOf, logOf, PROCEDURES, rowsFor, SHARES, tampered, text } from '../support/voted-rows'

const parse = (content: string, kind: string) =>
  parseLog(content, { file: 'log.tsv', configuration: configurationOf(kind) })

describe('rows against their votes', () => {
  it.each(Object.keys(PROCEDURES))('pass as the procedure makes them: %s', kind => {
    const { rows } = parse(logOf(kind), kind)
    expect(rows).toHaveLength(SHARES.length)
    expect(new Set(rows.map(({ finding }) => finding.kind)).size).toBeGreaterThan(1)
  })

  it('have a randomised bound by the number that the seed gives the image, and by no other', () => {
    const configuration = { ...configurationOf('certify'), seed: 3, confidence: 'randomised' } as never
    const { seed, n, alpha } = { ...configurationOf('certify'), seed: 3 }
    const log = (numberOf: (index: number) => number | undefined) =>
      text(
        [0.6, 0.9].map((share, index) => {
          const hits = Math.round(n * share)
          const options = { alpha, bound: gaussianBound(0.5), uniform: numberOf(index) }
          return formatRow(
            rowOf(
              { index, label: 1, durationMs: 1, digest: '0123456789abcdef' },
              certifyFromCounts([0, 100], [n - hits, hits], options),
            ),
          )
        }),
      )
    const read = (content: string, of = configuration) =>
      parseLog(content, { file: 'log.tsv', configuration: of }).rows
    const drawn = (index: number) => uniformOfBound([seed, 'certify', index])
    expect(read(log(drawn))).toHaveLength(2)
    expect(() => read(log(index => (index === 1 ? 1e-4 : drawn(index))))).toThrow(
      /line 3: evidence is uniform/,
    )
    expect(() => read(log(() => undefined))).toThrow(/line 2: evidence is uniform none/)
    expect(() => read(log(drawn), configurationOf('certify') as never)).toThrow(/follows uniform none/)
  })

  const more = (field: string) => String(Number(field) * (1 + 1e-8))
  const detail = (change: object) => (field: string) => JSON.stringify({ ...JSON.parse(field), ...change })
  const withoutExpert = (field: string) => {
    const { parts, ...others } = JSON.parse(field) as { readonly parts: readonly EvidencePart[] }
    return JSON.stringify({ ...others, parts: parts.slice(0, 1) })
  }
  it.each<[string, number, string, (field: string) => string, RegExp]>([
    ['certify', 4, 'radius', more, /line 6: radius is 0\.\d+, but from the votes of the row follows 0\.\d+/],
    ['certify', 4, 'candidate_count', () => '1799', /line 6: evidence is lowerBound .* follows lowerBound/],
    ['certify', 4, 'evidence', detail({ lowerBound: 0.99 }), /line 6: evidence is lowerBound 0.99, .* 0.87/],
    ['certify', 4, 'n0', () => '99', /are not n0|n0 is 99/],
    ['certify', 4, 'n', () => '2001', /n is 2001, .* follows 2000/],
    ['sized', 5, 'radius', more, /line 7: radius is/],
    ['sized', 5, 'n', () => '2000', /n is 2000, .* follows at most 1888/],
    ['grid', 5, 'evidence', detail({ look: 9 }), /line 7: evidence is look 9, .* look \d/],
    [
      'grid',
      5,
      'evidence',
      detail({ lowerBound: 0.7 }),
      /line 7: evidence is lowerBound 0.7, .* lowerBound 0.9/,
    ],
    ['aces', 4, 'radius', more, /line 6: radius is/],
    ['aces', 4, 'outcome', () => 'abstains', /outcome is abstains, .* follows certified|predict/],
    ['aces', 4, 'evidence', detail({ parts: [] }), /line 6: evidence is without a selector/],
    ['aces', 4, 'n', () => '2001', /n is 2001, .* follows 2000/],
    ['cascade', 4, 'radius', more, /line 6: radius is/],
    ['cascade', 4, 'candidate_count', () => '1799', /line 6: candidate_count is 1799, .* follows 1800/],
    [
      'cascade',
      4,
      'evidence',
      detail({ counts: { 1: 1800, 7: 200 } }),
      /candidate is 1, .* one of 3 classes/,
    ],
    ['cascade', 4, 'evidence', detail({ counts: { 1: 1800 } }), /line 6: n is 2000, .* follows 1800/],
    ['router', 4, 'radius', more, /line 6: radius is/],
    ['router', 4, 'outcome', () => 'abstains', /outcome is abstains, .* follows certified|predict/],
    [
      'router',
      4,
      'evidence',
      detail({ parts: [] }),
      /line 6: evidence is not a router, .* follows its votes/,
    ],
    ['router', 4, 'candidate_count', () => '1799', /line 6: evidence is lowerBound/],
    ['router', 2, 'evidence', withoutExpert, /evidence is no further expert, .* follows expert 1/],
    ['pixel-dp', 4, 'radius', more, /line 6: radius is/],
    ['pixel-dp', 4, 'n0', () => '100', /n0 is 100, .* follows 0/],
    ['pixel-dp', 4, 'runner_up_count', () => '150', /line 6: radius is/],
    ['pixel-dp by scores', 4, 'radius', more, /line 6: radius is/],
    ['pixel-dp by scores', 4, 'candidate', () => '0', /line 6: .*candidate/],
    [
      'pixel-dp by scores',
      4,
      'evidence',
      detail({ upperBound: 0.1, lowerBound: 0.95 }),
      /lowerBound 0\.95, .* follows/,
    ],
    [
      'pixel-dp by scores',
      4,
      'evidence',
      detail({ scores: { 1: [65536000, 70368744177664] } }),
      /evidence is scores .* of class 1/,
    ],
    ['pixel-dp by scores', 4, 'evidence', detail({ scores: {} }), /line 6: /],
  ])(
    'are refused with line, column and both values: %s, image %i, %s',
    (kind, index, column, change, reason) => {
      expect(() => parse(tampered(kind, index, column, change), kind)).toThrow(reason)
    },
  )

  it('are refused where another class leads the selection', () => {
    const rows = rowsFor('certify', [0.9]).map(row => ({
      ...row,
      evidence: { ...row.evidence, selection: { 0: 50, 1: 50 } },
    }))
    expect(() => parse(text(rows.map(formatRow)), 'certify')).toThrow(/candidate is 1, .* follows 0\./)
  })

  it('are refused where they certify what the bound does not, or abstain where it does', () => {
    const [low, high] = rowsFor('certify', [0.51, 0.9])
    if (low === undefined || high === undefined) throw new Error('two rows')
    const claimed = { kind: 'certified', class: 1, radius: 0.1, evidence: low.evidence } as const
    const refused = { kind: 'abstains', evidence: high.evidence } as const
    expect(() => parse(text([formatRow(rowOf(low, claimed))]), 'certify')).toThrow(
      /outcome is certified, .* follows abstains/,
    )
    expect(() => parse(text([formatRow(rowOf(high, refused))]), 'certify')).toThrow(
      /outcome is abstains, .* follows certified/,
    )
  })

  it('are refused with a grid whose check would not end', () => {
    const [row] = rowsFor('grid', [0.8])
    if (row === undefined) throw new Error('a row')
    const looks = Array.from({ length: 20 }, () => [1e12, 6e11] as const)
    const votes = { n: 2e13, candidateCount: 1.2e13, runnerUpCount: 8e12, look: 20, looks, pilot: 0 }
    const made = rowOf(row, {
      ...{ kind: 'certified-at', class: 1, radii: [0], refused: [] },
      evidence: { ...row.evidence, ...votes, lowerBound: gaussianBound(0.5).top(0) },
    })
    const large = { ...configurationOf('grid'), n: 2e13 }
    const parse = () => parseLog(text([formatRow(made)]), { file: 'a.tsv', configuration: large })
    expect(parse).toThrow(/evidence is 20000000000000 votes, .* as few as can be checked/)
  })

  it('are refused where the selector of ACES shows less than they state', () => {
    const [row] = rowsFor('aces', [0.9])
    const [selector] = row?.evidence.parts ?? []
    if (row === undefined || selector === undefined) throw new Error('a row of ACES')
    const changed = (change: object) =>
      text([formatRow({ ...row, evidence: { ...row.evidence, parts: [{ ...selector, ...change }] } })])
    expect(() => parse(changed({ candidateCount: 1700, lowerBound: 0.826 }), 'aces')).toThrow(
      /lowerBound 0\.826, /,
    )
    const { lowerBound: _, ...bare } = selector
    const fewer = { ...row, evidence: { ...row.evidence, parts: [{ ...bare, candidateCount: 1700 }] } }
    expect(() => parse(text([formatRow(fewer)]), 'aces')).toThrow(
      /line 2: radius is 0\.5\d+, .* follows 0\.4/,
    )
    expect(() => parse(changed({ candidate: 0 }), 'aces')).toThrow(
      /outcome is certified, .* follows abstains/,
    )
    expect(() => parse(changed({ n: 1999 }), 'aces')).toThrow(/n 1999 of the selector, .* n 2000/)
  })

  describe('of ACES at the image itself', () => {
    /** Votes of the selector for the network, and of the network for class 1; the class of the core. */
    const rowOfParts = (
      selected: number,
      ofNetwork: number,
      {
        core = 1,
        radiusZero = 'sound',
      }: { readonly core?: number; readonly radiusZero?: 'sound' | 'published' } = {},
    ) => {
      const { n0, n, alpha } = configurationOf('aces')
      const steps = acesCertifier({ bound: gaussianBound(0.5), alpha, n0, n, radiusZero }).begin()
      let step = steps.next([])
      while (!step.done) {
        step = steps.next(
          step.value.map(({ count, line, ballot }) => {
            if (line === 'core') return [0, 1, 2].map(label => (label === core ? 1 : 0))
            const hits = Math.round(count * (ballot === 'selector' ? selected : ofNetwork))
            return [count - hits, hits]
          }),
        )
      }
      return rowOf({ index: 0, label: 1, durationMs: 1, digest: '0123456789abcdef' }, step.value)
    }
    const read = (row: Parameters<typeof formatRow>[0], procedure: object = {}) => {
      const configuration = configurationOf('aces')
      const all = { core: true, ...configuration.procedure, ...procedure }
      return () =>
        parseLog(text([formatRow(row)]), {
          file: 'a.tsv',
          configuration: { ...configuration, procedure: all },
        })
    }

    it.each([
      ['the class of the core that it is left to', rowOfParts(0.1, 0.9, { core: 2 }), 2, 1],
      ['the class that network and core agree on', rowOfParts(0.5, 0.9), 1, 0],
    ])('pass with %s, and are refused with another class and with none', (_what, row, own, changed) => {
      expect(row.finding).toEqual({ kind: 'certified-at', class: own, radii: [0], refused: [] })
      expect(read(row)).not.toThrow()
      const other = {
        ...row,
        finding: { ...row.finding, class: changed },
        prediction: changed,
        correct: changed === 1,
      }
      expect(read(other as typeof row)).toThrow(
        /line 2: (predict is 1, .* follows 2|the prediction is 0, but the candidate 1)/,
      )
      const none = rowOf(row, { kind: 'abstains', evidence: row.evidence })
      expect(read(none)).toThrow(/line 2: outcome is abstains, .* follows certified-at/)
      const { unsmoothed: _, ...evidence } = row.evidence
      expect(read({ ...row, evidence })).toThrow(
        /evidence is without unsmoothed, .* the class of the core|but the candidate 1/,
      )
    })

    it('are refused where the selector abstains and the core has another class, unless by the published rule', () => {
      const torn = rowOfParts(0.5, 0.9, { core: 2 })
      expect(torn.finding.kind).toBe('abstains')
      expect(read(torn)).not.toThrow()
      const published = rowOfParts(0.5, 0.9, { core: 2, radiusZero: 'published' })
      expect(published.finding).toMatchObject({ kind: 'certified-at', class: 1 })
      expect(read(published, { radiusZero: 'published' })).not.toThrow()
      expect(read({ ...published, evidence: torn.evidence })).toThrow(
        /outcome is certified-at, .* follows abstains/,
      )
    })
  })

  it('are refused where a noise level of theirs was decided otherwise', () => {
    const [second] = rowsFor('cascade', [0.9], { third: 0.6 }).slice(0, 1)
    const [both] = rowsFor('cascade', [0.5], { third: 0.4 })
    if (second === undefined || both === undefined) throw new Error('rows of a cascade')
    // At 0.6 for class 2 the first level answers; at 0.4 it passes, and the second straddles.
    expect([second, both].map(({ evidence }) => evidence.parts?.length ?? 0)).toEqual([0, 1])
    expect(parse(text([formatRow(both)]), 'cascade').rows).toHaveLength(1)
    const [first] = both.evidence.parts ?? []
    const claimed = {
      ...both,
      evidence: {
        ...both.evidence,
        parts: [
          { ...(first as EvidencePart), counts: { 0: 1800, 1: 200 }, candidate: 0, candidateCount: 1800 },
        ],
      },
    }
    expect(() => parse(text([formatRow(claimed)]), 'cascade')).toThrow(
      /candidate is|noise level 2, .* an end at 1/,
    )
    const more = { ...both, evidence: { ...both.evidence, parts: [first, first] as EvidencePart[] } }
    expect(() => parse(text([formatRow(more)]), 'cascade')).toThrow(/3 noise levels, .* follows 2/)
  })

  it('are not checked where nothing says how: not refused either', () => {
    for (const kind of ['cascade', 'pixel-dp']) {
      const unsaid = { ...configurationOf(kind), procedure: { kind } }
      const { rows } = parseLog(logOf(kind), { file: 'a.tsv', configuration: unsaid })
      expect(isChecked({ rows, metadata: { format: 2, configuration: unsaid } })).toBe(false)
    }
  })

  it('are refused where a round of theirs was decided otherwise', () => {
    const [refused, open, certified] = rowsFor('at-radius', [0.7, 0.841, 0.9])
    if (!refused || !open || !certified) throw new Error('three rows')
    expect([refused, open, certified].map(({ finding }) => finding.kind)).toEqual([
      'certified-at',
      'undecided',
      'certified-at',
    ])
    const [first, second] = open.evidence.parts ?? []
    if (!first || !second) throw new Error('two rounds before the last')
    const claim = (row: typeof open, evidence: typeof open.evidence) => {
      const finding = { kind: 'certified-at', class: 1, radii: [0.5], refused: [] } as const
      return () => parse(text([formatRow(rowOf(row, { ...finding, evidence }))]), 'at-radius')
    }
    const parts = [first, second]
    expect(claim(open, open.evidence)).toThrow(/outcome is certified, .* follows open/)
    expect(claim(refused, refused.evidence)).toThrow(/outcome is certified, .* follows (open|refused)/)
    expect(claim(certified, certified.evidence)).not.toThrow()
    expect(claim(certified, { ...certified.evidence, parts: [second] })).toThrow(/n is of round 1: 200/)
    const { lowerBound: _, ...unknown } = certified.evidence
    expect(claim(certified, { ...unknown, parts: [{ ...first, candidate: 0 }, second] })).toThrow(
      /candidate is 0, .* follows 1/,
    )
    const { lowerBound: _bound, ...votes } = second
    const early = { ...votes, candidateCount: 190, runnerUpCount: 10 }
    expect(claim(certified, { ...unknown, parts: [first, early] })).toThrow(
      /outcome is of round 2: open, .* follows certified/,
    )
    expect(
      claim(open, { ...open.evidence, parts: [{ ...first, lowerBound: 0.9 }, ...parts.slice(1)] }),
    ).toThrow(/of round 1: lowerBound 0.9/)
  })

  it.each<[string, number[], RegExp]>([
    ['off the grid', [0, 0.3], /radius is \[0, 0.3\], .* the first of the grid 0, 0.25, 0.5, 0.75/],
    ['without a smaller one', [0.25], /radius is \[0.25\]/],
    ['that their votes cannot reach', [0, 0.25, 0.5, 0.75], /radius is 0.75, .* less: votes like these/],
  ])('are refused with a radius of a grid %s', (_what, radii, reason) => {
    const [row] = rowsFor('grid', [0.8])
    if (row === undefined) throw new Error('a row')
    const lowerBound = gaussianBound(0.5).top(Math.max(...radii))
    const made = rowOf(row, {
      ...{ kind: 'certified-at', class: 1, radii, refused: [] },
      evidence: { ...row.evidence, lowerBound },
    })
    expect(() => parse(text([formatRow(made)]), 'grid')).toThrow(reason)
  })
})

describe('a log whose rows do not follow from its votes', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-check-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('is neither read nor continued nor merged', async () => {
    const shard = { number: 1, of: 1 }
    const path = shardPath(join(folder, 'log.tsv'), shard)
    const indices = SHARES.map((_, index) => index)
    const metadata = { configuration: configurationOf('certify'), ...planMetadata(indices, shard) }
    await (await CertificationLogWriter.open(path, metadata)).close()
    await writeFile(
      path,
      tampered('certify', 4, 'radius', () => '0.9'),
    )
    const reason = /shard-01-of-01\.tsv, line 6: radius is 0\.9, but/
    await expect(readCertificationLog(path)).rejects.toThrow(reason)
    await expect(CertificationLogWriter.open(path, metadata)).rejects.toThrow(reason)
    await expect(mergeShards([path], { output: join(folder, 'log.tsv') })).rejects.toThrow(reason)
    await writeFile(path, logOf('certify'))
    expect(isChecked(await readCertificationLog(path))).toBe(true)
    expect(await mergeShards([path], { output: join(folder, 'log.tsv') })).toBe(SHARES.length)
  })

  it.each([
    [
      'certify',
      0.3257890478144421,
      0.32578905,
      /certify\.tsv, line 2: radius is 0\.32578905, .* 0\.325789047/,
    ],
    ['adaptive', 0.25, 0.3, /adaptive\.tsv, line 2: radius is 0\.3, .* the first of the grid 0, 0\.25/],
  ])('is found in format 1 too: %s', async (name, radius, other, reason) => {
    const earlier = join(__dirname, 'format-1', `${name}.tsv`)
    expect(isChecked(await readCertificationLog(earlier))).toBe(true)
    const changed = readFileSync(earlier, 'utf8').replace(`\t${radius}\t`, `\t${other}\t`)
    await writeFile(join(folder, `${name}.tsv`), changed)
    await writeFile(join(folder, `${name}.tsv.json`), readFileSync(`${earlier}.json`))
    await expect(readCertificationLog(join(folder, `${name}.tsv`))).rejects.toThrow(reason)
  })

  it('passes where it has no votes to be checked by, and is not said to be checked', async () => {
    const path = join(folder, 'cohen.tsv')
    await writeFile(path, 'idx\tlabel\tpredict\tradius\tcorrect\ttime\n0\t1\t1\t9\t1\t0:00:01\n')
    expect(isChecked(await readCertificationLog(path))).toBe(false)
  })
})
