import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certifyFromCounts } from '../../src/certification/statistics'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { formatRow, LOG_HEADER, rowOf } from '../../src/logs/certification-log'
import { CertificationLogWriter } from '../../src/logs/certification-log-file'
import { mergeShards } from '../../src/logs/merge-shards'
import type { Outcome } from '../../src/logs/outcome'
import { planMetadata, shardPath } from '../../src/logs/shards'
import { gaussianBound } from '../../src/statistics/bound'
import { lowerConfidenceBound } from '../../src/statistics/confidence-bound'
import { discreteGaussianBound } from '../../src/statistics/discrete-gaussian'
import { exactLowerBound } from '../../src/statistics/exact-binomial'
import { uniformBound } from '../../src/statistics/uniform-bound'
import { uniformOfBound } from '../../src/statistics/uniform-of-bound'
import { verifyLog } from '../../src/verify/verify-log'
import { runWithoutPython } from '../support/run-without-python'
import { configurationOf, logOf, PROCEDURES, rowsFor, SHARES, tampered, text } from '../support/voted-rows'

type Metadata = Parameters<typeof verifyLog>[1]
const metadataOf = (kind: string) =>
  ({ format: 2, configuration: configurationOf(kind) }) as unknown as Metadata
const verify = (log: string, kind: string) => verifyLog(log, metadataOf(kind))

/** Procedures that it does not recompute. */
const SEVERAL_BOUNDS = ['aces', 'cascade', 'router', 'pixel-dp', 'pixel-dp by scores']

describe('an independent verification', () => {
  it('is one short file that imports nothing', () => {
    const source = readFileSync(join(PACKAGE_FOLDER, 'src', 'verify', 'verify-log.ts'), 'utf8')
    expect(source).not.toMatch(/\b(import|require)\b(?! nothing)/)
    const code = source.split('\n').filter(line => !/^\s*(\/\/|\/\*|\*|$)/.test(line))
    expect(code.length).toBeLessThanOrEqual(150)
  })

  it.each(SEVERAL_BOUNDS)('leaves %s, whose rows have several bounds, to the check on reading', kind => {
    const { procedure, bound } = configurationOf(kind)
    expect(() => verify(logOf(kind), kind)).toThrow(`${procedure.kind} ${bound}, n = 2000`)
  })

  const verified = Object.keys(PROCEDURES).filter(kind => !SEVERAL_BOUNDS.includes(kind))
  it.each(verified)('finds that every row of %s follows from its counts', kind => {
    const { rows, errors, unchecked, largestExcess } = verify(logOf(kind), kind)
    expect({ rows, errors, unchecked }).toEqual({ rows: SHARES.length, errors: [], unchecked: 0 })
    if (kind === 'certify' || kind === 'sized') expect(Math.abs(largestExcess)).toBeLessThan(1e-12)
  })

  it('recomputes what 100,000 votes show, from one half to all of them', () => {
    const n = 100_000
    const bound = gaussianBound(0.5)
    const rows = [50_500, 60_000, 90_000, 99_990, n].map((candidateCount, index) => {
      const lowerBound = lowerConfidenceBound(candidateCount, n, { alpha: 0.001 })
      const evidence = { candidate: 1, candidateCount, runnerUp: 0, runnerUpCount: n - candidateCount }
      return rowOf(
        { index, label: 1, durationMs: 1, digest: '0123456789abcdef' },
        {
          ...{ kind: 'certified', class: 1, radius: bound.radius(lowerBound) },
          evidence: { ...evidence, n0: 100, n, lowerBound },
        },
      )
    })
    const configuration = { ...configurationOf('certify'), n } as unknown as Metadata['configuration']
    const { errors, largestExcess } = verifyLog(text(rows.map(formatRow)), { format: 2, configuration })
    expect(errors).toEqual([])
    expect(Math.abs(largestExcess)).toBeLessThan(1e-11)
  })

  const by = (change: number) => (field: string) => String(Number(field) + change)
  const detail = (change: object) => (field: string) => JSON.stringify({ ...JSON.parse(field), ...change })
  it.each<[string, number, string, (field: string) => string, RegExp]>([
    ['certify', 4, 'radius', by(2e-9), /radius is 0\.\d+, not 0\.\d+, by 1800 of 2000/],
    ['certify', 4, 'radius', by(-2e-9), /radius is/],
    ['certify', 4, 'candidate_count', by(-1), /lowerBound is 0\.\d+, not 0\.\d+/],
    ['certify', 4, 'evidence', detail({ lowerBound: 0.9 }), /lowerBound is 0\.9, not/],
    ['certify', 4, 'candidate_count', by(1), /more votes are counted than 2000/],
    ['certify', 4, 'n', by(-1), /n is 1999, not 2000/],
    ['certify', 4, 'n0', by(1), /n0 is 101, not 100/],
    ['certify', 4, 'predict', () => '2', /predict is 2, but certified/],
    ['certify', 4, 'correct', () => '0', /correct is 0/],
    ['certify', 4, 'evidence', () => '{', /it cannot be read/],
    ['certify', 4, 'outcome', () => 'abstains', /predict is 1, but abstains/],
    ['certify', 1, 'predict', () => '1', /predict is 1, but abstains/],
    ['sized', 4, 'radius', by(2e-9), /radius is/],
    ['grid', 4, 'radius', () => '0.75', /radius is 0\.75, not the largest of \[0, 0\.25, 0\.5\]/],
    ['grid', 4, 'evidence', detail({ radii: [0, 0.5] }), /not of the grid/],
    ['grid', 4, 'evidence', detail({ looks: undefined }), /the looks are missing/],
    ['grid', 4, 'candidate_count', by(-1), /the looks have/],
  ])('names the row that does not follow: %s, image %i, %s', (kind, index, column, change, reason) => {
    const { errors } = verify(tampered(kind, index, column, change), kind)
    expect(errors).toEqual([
      { image: String(index), line: index + 2, problem: expect.stringMatching(reason) },
    ])
  })

  describe('of --sound', () => {
    const sound = { steps: 255, drawError: 1e-9, alpha: 0.001 - 2e-9 }
    const bound = discreteGaussianBound(0.5)
    const row = (candidateCount: number, change: (outcome: Outcome) => Outcome = outcome => outcome) =>
      rowOf(
        { index: 0, label: 1, durationMs: 1, digest: '0123456789abcdef' },
        change(
          certifyFromCounts([0, 100], [2000 - candidateCount, candidateCount], {
            ...{ alpha: sound.alpha, bound, lowerBound: exactLowerBound },
          }),
        ),
      )
    const check = (
      made: ReturnType<typeof row>,
      ...[own, data = { imageShape: [1, 8, 8] }]: [own?: typeof sound, data?: { imageShape?: number[] }]
    ) => {
      const { configuration } = metadataOf('certify')
      const of = { ...configuration, bound: 'discrete-gaussian', ...(own && { sound: own }), data }
      return verifyLog(text([formatRow(made)]), { format: 2, configuration: of })
    }
    const moved = (lowerBound: number) => (outcome: Outcome) => ({
      ...(outcome as Outcome & { kind: 'certified' }),
      evidence: { ...outcome.evidence, lowerBound: (outcome.evidence.lowerBound ?? 0) + lowerBound },
    })

    it.each([1001, 1500, 1950, 2000])('follows to the last digit: %i of 2000 votes', count => {
      expect(check(row(count), sound)).toMatchObject({ errors: [] })
    })

    it('has the largest radius that is not above the recomputed one, and no bound above', () => {
      const radius = new Float64Array([(row(1800) as { radius: number }).radius])
      const bits = new BigInt64Array(radius.buffer)
      bits[0] = (bits[0] as bigint) + 1n
      const beside = (outcome: Outcome) => ({ ...outcome, radius: radius[0] }) as Outcome
      expect(check(row(1800, beside), sound).errors).toMatchObject([
        { problem: expect.stringMatching(/radius is/) },
      ])
      bits[0] = (bits[0] as bigint) - 2n
      expect(check(row(1800, beside), sound).errors).toMatchObject([
        { problem: expect.stringMatching(/radius is/) },
      ])
      for (const change of [2 ** -53, -(2 ** -52)]) {
        expect(check(row(1800, moved(change)), sound).errors).toMatchObject([
          { problem: expect.stringMatching(/lowerBound is/) },
        ])
      }
    })

    it('has an alpha for its votes that leaves room for the error of all draws', () => {
      expect(() => check(row(1800), { ...sound, alpha: 0.001 })).toThrow('the alpha of its votes')
      expect(() => check(row(1800), { ...sound, drawError: 1e-12 })).toThrow('the alpha of its votes')
      expect(() => check(row(1800), undefined)).toThrow('the alpha of its votes')
      expect(() => check(row(1800), sound, {})).toThrow('the alpha of its votes')
    })
  })

  it('recomputes radii of uniform noise', () => {
    const bound = uniformBound(0.5)
    const made = [1200, 1990].map((votes, index) =>
      rowOf(
        { index, label: 1, durationMs: 1, digest: '0123456789abcdef' },
        certifyFromCounts([0, 100], [2000 - votes, votes], { alpha: 0.001, bound }),
      ),
    )
    const configuration = { ...metadataOf('certify').configuration, bound: 'uniform' }
    const check = (log: string) => verifyLog(log, { format: 2, configuration })
    expect(check(text(made.map(formatRow))).errors).toEqual([])
    const changed = { ...made[0], radius: (made[0]?.radius ?? 0) + 2e-9 } as (typeof made)[0]
    expect(check(text([formatRow(changed)])).errors).toMatchObject([
      { problem: expect.stringMatching(/radius is/) },
    ])
  })

  describe('of a randomised bound', () => {
    const counts = [0, 990, 1030, 1031, 1200, 1800, 1990, 1998, 1999, 2000]
    const made = (uniformAt: (index: number) => number | undefined) =>
      counts.map((votes, index) => {
        const options = { alpha: 0.001, bound: gaussianBound(0.5), uniform: uniformAt(index) }
        return rowOf(
          { index, label: 1, durationMs: 1, digest: '0123456789abcdef' },
          certifyFromCounts([0, 100], [2000 - votes, votes], options),
        )
      })
    const configuration = { ...metadataOf('certify').configuration, seed: 0, confidence: 'randomised' }
    const check = (rows: ReturnType<typeof made>) =>
      verifyLog(text(rows.map(formatRow)), { format: 2, configuration })
    const drawn = (index: number) => uniformOfBound([0, 'certify', index])

    it('follows from the counts and the numbers of the rows, large and small', () => {
      for (const uniformAt of [drawn, () => 1, () => 0.5, () => 1e-4, () => 2 ** -53]) {
        const { errors, largestExcess } = check(made(uniformAt))
        expect(errors).toEqual([])
        expect(Math.abs(largestExcess)).toBeLessThan(1e-11)
      }
    })

    it('names a row whose number is another, or that has none', () => {
      const other = made(index => (index === 5 ? drawn(index) / 2 : drawn(index)))
      const moved = made(drawn).map((row, index) =>
        index === 5 ? { ...row, radius: other[5]?.radius ?? 0 } : row,
      ) as ReturnType<typeof made>
      expect(check(moved).errors).toMatchObject([{ image: '5', problem: expect.stringMatching(/radius is/) }])
      const without = made(index => (index === 5 ? undefined : drawn(index)))
      expect(check(without).errors).toMatchObject([{ image: '5', problem: 'uniform is undefined' }])
      expect(verify(text(made(drawn).map(formatRow)), 'certify').errors).toHaveLength(counts.length)
    })
  })

  it('names rows that claim a radius which no test has by such votes', () => {
    for (const kind of ['grid', 'at-radius']) {
      const [row] = rowsFor(kind, [0.6])
      if (row === undefined) throw new Error('a row')
      const radii = kind === 'grid' ? [0, 0.25, 0.5] : [0.5]
      const { lowerBound: _, ...evidence } = row.evidence
      const claimed = rowOf(row, { kind: 'certified-at', class: 1, radii, refused: [], evidence })
      expect(verify(text([formatRow(claimed)]), kind).errors).toEqual([
        { image: '0', line: 2, problem: expect.stringMatching(/radius is 0\.5: no test has it/) },
      ])
    }
  })

  it('names rows that abstain or certify against their votes, and an image that has two', () => {
    const [low, high] = rowsFor('certify', [0.51, 0.9])
    if (low === undefined || high === undefined) throw new Error('two rows')
    const made = [
      rowOf(low, { kind: 'certified', class: 1, radius: 0, evidence: low.evidence }),
      rowOf(high, { kind: 'abstains', evidence: high.evidence }),
      high,
    ]
    const { errors } = verify(text(made.map(formatRow)), 'certify')
    expect(errors.map(({ line, problem }) => `${line} ${problem}`)).toEqual([
      expect.stringMatching(/^2 outcome is wrong: certified/),
      expect.stringMatching(/^3 radius is 0, not 0\.\d+/),
      '4 the image has a row above',
    ])
  })

  it('counts rows of format 1 whose looks would have to tell', () => {
    const { configuration } = metadataOf('grid')
    const claimed = tampered('grid', 4, 'evidence', () => '{"radii":[0,0.25,0.5,0.75],"refused":[]}')
      .split('\n')
      .map((line, at) => (at === 5 ? line.replace(/\t0\.5\t/, '\t0.75\t') : line))
    const { errors, unchecked } = verifyLog(claimed.join('\n'), { configuration })
    expect({ errors, unchecked }).toEqual({ errors: [], unchecked: 1 })
  })

  it('does not guess what it does not know', () => {
    const { configuration } = metadataOf('certify')
    const of = (change: object) => () =>
      verifyLog(logOf('certify'), { configuration: { ...configuration, ...change } })
    expect(of({ procedure: { kind: 'aces' } })).toThrow('aces gaussian')
    expect(of({ bound: 'other' })).toThrow('certify other')
    expect(of({ n: 1e15 })).toThrow('n = 1000000000000000')
    expect(() => verifyLog('idx\tlabel\n', metadataOf('certify'))).toThrow('without counts')
  })
})

describe('ft-cadis verify', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-verify-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('verifies shards and the log that they are merged to, and fails on a row that was changed', async () => {
    const indices = SHARES.map((_, index) => index)
    const rows = rowsFor('certify', SHARES)
    const paths: string[] = []
    for (const number of [1, 2]) {
      const shard = { number, of: 2 }
      const path = shardPath(join(folder, 'log.tsv'), shard)
      const metadata = { configuration: configurationOf('certify'), ...planMetadata(indices, shard) }
      await (await CertificationLogWriter.open(path, metadata)).close()
      const own = rows.filter(({ index }) => index % 2 === number - 1)
      await writeFile(path, [LOG_HEADER, ...own.map(formatRow), ''].join('\n'))
      paths.push(path)
    }
    await mergeShards(paths, { output: join(folder, 'log.tsv') })
    const whole = await runWithoutPython(folder, 'verify', 'log.tsv', ...paths)
    expect(whole.exitCode).toBe(0)
    expect(whole.stdout).toMatch(
      /^log\.tsv: 7 images, every row follows from its counts, largest excess of a radius \S+\n.*: 4 images.*\n.*: 3 images/,
    )
    await writeFile(
      join(folder, 'log.tsv'),
      tampered('certify', 5, 'radius', () => '2'),
    )
    const changed = await runWithoutPython(folder, 'verify', 'log.tsv')
    expect(changed.exitCode).toBe(1)
    expect(changed.stdout).toMatch(/log\.tsv, line 7, image 5: radius is 2, not 0\.\d+/)
    expect(changed.stdout).toMatch(/7 images, 1 rows do not follow, largest excess of a radius 1\.\de\+0/)
  })

  it('refuses a log that does not say how it was certified', async () => {
    await writeFile(join(folder, 'alone.tsv'), logOf('certify'))
    const { stderr, exitCode } = await runWithoutPython(folder, 'verify', 'alone.tsv')
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/alone\.tsv\.json must say how the rows were certified: it does not exist/)
  })
})
