import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/errors'
import { ABSTAIN } from '../../src/logs/abstain'
import {
  formatRow,
  LOG_HEADER,
  type LoggedRow,
  labelRadius,
  parseLog,
  rowOf,
} from '../../src/logs/certification-log'
import type { Finding, Outcome } from '../../src/logs/outcome'

const COHEN_HEADER = 'idx\tlabel\tpredict\tradius\tcorrect\ttime'

const evidence = {
  ...{ candidate: 3, candidateCount: 9_900, runnerUp: 5, runnerUpCount: 80, n0: 100, n: 10_000 },
  ...{ lowerBound: 0.9867, selection: { 3: 98, 5: 2 } },
}
const image = { index: 7, label: 3, durationMs: 14_172.309, digest: '0123456789abcdef' }
const entry = rowOf(image, { kind: 'certified', class: 3, radius: 0.74951, evidence })

const radius = fc.double({ min: 1e-16, max: 50, noNaN: true })
const radii = fc.array(radius, { maxLength: 3 })

/** Any row that a run can write. */
const entries: fc.Arbitrary<LoggedRow> = fc
  .record({
    index: fc.nat(),
    label: fc.nat(999),
    candidate: fc.nat(999),
    finding: fc.oneof(
      fc.record({ kind: fc.constant('certified' as const), radius }),
      fc.record({ kind: fc.constant('certified-at' as const), radii, refused: radii }),
      fc.record({ kind: fc.constantFrom('predicted' as const, 'abstains' as const) }),
      fc.record({ kind: fc.constant('undecided' as const), why: fc.string({ unit: 'binary' }) }),
    ),
    microseconds: fc.nat(),
    n: fc.integer({ min: 1, max: 1e6 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    lowerBound: fc.double({ min: 0, max: 1, noNaN: true }).map(bound => bound + 0),
    procedure: fc.constantFrom('certify', 'grid', 'sized'),
    digest: fc.stringMatching(/^[0-9a-f]{16}$/),
  })
  .map(({ index, label, candidate, finding, microseconds, n, share, lowerBound, procedure, digest }) => {
    const hits = Math.floor(n * share)
    const named = finding.kind === 'abstains' || finding.kind === 'undecided' ? {} : { class: candidate }
    const outcome = {
      ...{ ...finding, ...named },
      evidence: {
        ...{ candidate, candidateCount: hits, runnerUp: (candidate + 1) % 1000, runnerUpCount: n - hits },
        ...{ n0: 100, n, lowerBound, selection: { [candidate]: 99, 7777: 1 } },
        ...(procedure === 'grid' && {
          pilot: 0,
          look: 2,
          looks: [[n - hits, 0] as const, [hits, hits] as const],
        }),
        ...(procedure === 'sized' && { pilot: 16, pilots: [[16, 3] as const], planned: n }),
      },
    } as Outcome
    return rowOf({ index, label, digest, durationMs: microseconds / 1000 }, outcome)
  })

describe('formatRow', () => {
  it("writes Cohen's columns first, then the votes, then what was found and from what", () => {
    expect(LOG_HEADER).toBe(
      `${COHEN_HEADER}\tcandidate\tcandidate_count\trunner_up\trunner_up_count\tn0\tn\toutcome\tdigest\tevidence`,
    )
    expect(formatRow(entry)).toBe(
      '7\t3\t3\t0.74951\t1\t0:00:14.172309\t3\t9900\t5\t80\t100\t10000\tcertified\t0123456789abcdef\t' +
        '{"lowerBound":0.9867,"selection":{"3":98,"5":2}}',
    )
  })

  it.each<[string, Finding, string]>([
    [
      'the largest of its radii',
      { kind: 'certified-at', class: 3, radii: [0, 0.25], refused: [1] },
      '3\t0.25\t1',
    ],
    ['no radius', { kind: 'certified-at', class: 3, radii: [], refused: [1] }, '3\t0\t1'],
    ['a class without a radius', { kind: 'predicted', class: 3 }, '3\t0\t1'],
    ['neither', { kind: 'abstains' }, '-1\t0\t0'],
    ['neither, where votes do not suffice', { kind: 'undecided', why: 'all used up' }, '-1\t0\t0'],
  ])('derives class and radius from the outcome: %s', (_what, finding, columns) => {
    const line = formatRow(rowOf(image, { ...finding, evidence }))
    expect(line.split('\t').slice(2, 5).join('\t')).toBe(columns)
    expect(line.split('\t')[12]).toBe(finding.kind)
  })

  it.each([0.74951, 0.7495100000000001, 0.9999999999999999, 1e-7, 0.1 + 0.2])(
    'keeps the radius %d',
    exact => {
      // Three significant digits, as other programs print them, would claim up to 0.5 % more than was certified.
      const written = formatRow(rowOf(image, { kind: 'certified', class: 3, radius: exact, evidence }))
      const [row] = parseLog(`${LOG_HEADER}\n${written}\n`, { file: 'log' }).rows
      expect(row?.radius).toBe(exact)
    },
  )

  it('reads back as it was, and is written again the same', () => {
    fc.assert(
      fc.property(entries, made => {
        const { rows, partial } = parseLog(`${LOG_HEADER}\n${formatRow(made)}\n`, { file: 'log' })
        expect(rows).toEqual([{ ...made, durationMs: expect.closeTo(made.durationMs, 6) }])
        expect(partial).toBeUndefined()
        expect(formatRow(rows[0] as LoggedRow)).toBe(formatRow(made))
      }),
    )
  })
})

describe('labelRadius', () => {
  it.each<[Finding, number | undefined]>([
    [{ kind: 'certified', class: 3, radius: 0.5 }, 0.5],
    [{ kind: 'certified', class: 3, radius: 0 }, 0],
    [{ kind: 'certified', class: 4, radius: 0.5 }, undefined],
    [{ kind: 'certified-at', class: 3, radii: [0, 0.25], refused: [] }, 0.25],
    [{ kind: 'certified-at', class: 3, radii: [], refused: [0.25] }, undefined],
    [{ kind: 'predicted', class: 3 }, undefined],
    [{ kind: 'abstains' }, undefined],
  ])('of %j is %s where the label is 3', (finding, expected) => {
    expect(labelRadius(rowOf(image, { ...finding, evidence }))).toBe(expected)
  })
})

describe('parseLog of anything', () => {
  /** Rows, or an error of this package. */
  function rowsOf(text: string) {
    try {
      return parseLog(text, { file: 'log' }).rows
    } catch (error) {
      expect(error).toBeInstanceOf(DataError)
      expect((error as DataError).message).toMatch(/log/)
      return undefined
    }
  }

  it('has rows, or is refused with an error of this package', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(LOG_HEADER, COHEN_HEADER, '', '\t\t'),
    )
    fc.assert(fc.property(fc.array(line, { maxLength: 5 }), lines => void rowsOf(lines.join('\n'))))
    fc.assert(fc.property(fc.uint8Array(), bytes => void rowsOf(Buffer.from(bytes).toString())))
  })

  it('with one character changed has the rows that were not changed, or is refused', () => {
    fc.assert(
      fc.property(
        fc.array(entries, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.string(),
        (made, at, other) => {
          const lines = made.map((entry, index) => formatRow({ ...entry, index }))
          const text = `${[LOG_HEADER, ...lines].join('\n')}\n`
          const place = at % text.length
          const changed = rowsOf(text.slice(0, place) + other + text.slice(place + 1))
          if (changed === undefined) return
          const original = parseLog(text, { file: 'log' }).rows
          const changedLine = text.slice(0, place).split('\n').length - 1
          if (/[\n\r]/.test(other) || text[place] === '\n' || changedLine === 0) return
          expect(changed.filter((_, row) => row !== changedLine - 1)).toEqual(
            original.filter((_, row) => row !== changedLine - 1),
          )
        },
      ),
    )
  })
})

describe('parseLog', () => {
  it('reads the logs of other programs', () => {
    const text = `${COHEN_HEADER}\n0\t3\t3\t0.377\t1\t0:00:14.172309\n20\t8\t-1\t0.0\t0\t1 day, 1:00:01\n21\t8\t6\t1e-05\t0\t2.5\n`
    expect(parseLog(text, { file: 'log' })).toEqual({
      rows: [
        {
          index: 0,
          label: 3,
          finding: { kind: 'certified', class: 3, radius: 0.377 },
          prediction: 3,
          radius: 0.377,
          correct: true,
          durationMs: expect.closeTo(14_172.309),
        },
        {
          ...{ index: 20, label: 8, prediction: ABSTAIN, radius: 0, correct: false, durationMs: 90_001_000 },
          finding: { kind: 'abstains' },
        },
        {
          ...{ index: 21, label: 8, prediction: 6, radius: 1e-5, correct: false, durationMs: 2500 },
          finding: { kind: 'certified', class: 6, radius: 1e-5 },
        },
      ],
    })
  })

  it('takes Windows line ends, a byte order mark, blank lines, unknown columns and another order', () => {
    const text =
      '\uFEFFlabel\tidx\tpredict\tcorrect\tnote\tradius\ttime\r\n3\t0\t3\t1\tx\t0.5\t0:00:01\r\n\r\n4\t1\t3\t0\t\t0.5\t0:00:01\r\n'
    expect(parseLog(text, { file: 'log' }).rows).toMatchObject([
      { index: 0, label: 3, correct: true },
      { index: 1, label: 4, correct: false },
    ])
  })

  it('reports what an interrupted run left of a row', () => {
    const { rows, partial } = parseLog(`${COHEN_HEADER}\n0\t3\t3\t0.5\t1\t0:00:01\n1\t3\t3\t0.51`, {
      file: 'log',
    })
    expect(rows).toHaveLength(1)
    expect(partial).toEqual({ line: 3, text: '1\t3\t3\t0.51' })
  })

  it('does not count a last line without a newline, even one that looks whole', () => {
    const { rows, partial } = parseLog(`${COHEN_HEADER}\n0\t3\t3\t0.5\t1\t0:00:1`, { file: 'log' })
    expect(rows).toHaveLength(0)
    expect(partial?.line).toBe(2)
  })

  it('ends soon on millions of empty lines, and on a line that does not end', () => {
    expect(parseLog(`${COHEN_HEADER}\n${'\n'.repeat(20_000_000)}`, { file: 'log' }).rows).toEqual([])
    expect(() => parseLog(`${COHEN_HEADER}\n${'0\t'.repeat(20_000_000)}`, { file: 'log' })).toThrow(
      /line 2: 40000000 characters/,
    )
  })

  it('has no rows under a bare header', () => {
    expect(parseLog(`${COHEN_HEADER}\n`, { file: 'log' }).rows).toEqual([])
  })

  it.each([
    ['a word for a radius', '1\t3\t3\tabc\t1\t0:00:01', /radius must be a number from 0 to 5000, got "abc"/],
    ['an empty radius', '1\t3\t3\t\t1\t0:00:01', /radius must be .* got ""/],
    ['a negative radius', '1\t3\t3\t-0.1\t1\t0:00:01', /radius must be .* got "-0.1"/],
    ['an infinite radius', '1\t3\t3\tinf\t1\t0:00:01', /radius must be .* got "inf"/],
    ['a radius that overflows', '1\t3\t3\t1e999\t1\t0:00:01', /radius must be .* got "1e999"/],
    ['a radius beyond all images', '1\t3\t3\t1000000000\t1\t0:00:01', /radius must be .* got "1000000000"/],
    [
      'a row of a million characters',
      `1\t3\t3\t0.1\t1\t${' '.repeat(1e6)}`,
      /1000012 characters, and a row has at most 1000000/,
    ],
    ['a fraction for an index', '1.5\t3\t3\t0.1\t1\t0:00:01', /idx must be an integer/],
    ['another code for abstaining', '1\t3\t-2\t0.0\t0\t0:00:01', /predict must be a class or -1, got "-2"/],
    ['a word for correct', '1\t3\t3\t0.1\tTrue\t0:00:01', /correct must be 0 or 1, got "True"/],
    ['a time without a colon', '1\t3\t3\t0.1\t1\t1s', /time must be seconds or h:mm:ss, got "1s"/],
    ['a missing field', '1\t3\t3\t0.1\t1', /expected 6 fields, got 5/],
    ['two rows glued together', '1\t3\t3\t0.1\t11\t3\t3\t0.1\t1\t0:00:01', /expected 6 fields, got 10/],
    [
      'correct against the label',
      '1\t3\t4\t0.1\t1\t0:00:01',
      /correct is 1, but the prediction is 4 and the label 3/,
    ],
    ['an abstention with a radius', '1\t3\t-1\t0.1\t0\t0:00:01', /radius is 0.1, but the row abstains/],
    ['an image twice', '0\t3\t3\t0.1\t1\t0:00:01', /image 0 is already on line 2/],
  ])('refuses %s, naming file, line and reason', (_what, line, reason) => {
    const parse = () => parseLog(`${COHEN_HEADER}\n0\t3\t3\t0.5\t1\t0:00:01\n${line}\n`, { file: 'a.tsv' })
    expect(parse).toThrow(DataError)
    expect(parse).toThrow(/^a\.tsv, line 3: /)
    expect(parse).toThrow(reason)
  })

  it('names the class of a network that is not smoothed, which the votes need not name', () => {
    const found = { kind: 'certified-at', class: 7, radii: [0], refused: [] } as const
    const text = (unsmoothed: number) =>
      `${LOG_HEADER}\n${formatRow(rowOf(image, { ...found, evidence: { ...evidence, unsmoothed } }))}\n`
    expect(parseLog(text(7), { file: 'a.tsv' }).rows[0]?.prediction).toBe(7)
    expect(() => parseLog(text(6), { file: 'a.tsv' })).toThrow(/prediction is 7, but the candidate 3/)
  })

  it.each<[string, (line: string) => string, RegExp]>([
    [
      'votes for another class',
      line => line.replace('\t3\t9900\t', '\t4\t9900\t'),
      /prediction is 3, but the candidate 4/,
    ],
    [
      'too many votes',
      line => line.replace('\t10000\t', '\t9979\t'),
      /9900 and 80 votes are more than n = 9979/,
    ],
    [
      'an unknown outcome',
      line => line.replace('\tcertified\t', '\tsure\t'),
      /outcome must be certified, .* got "sure"/,
    ],
    [
      'an outcome without a class that names one',
      line => line.replace('\tcertified\t', '\tabstains\t'),
      /the prediction is 3, but the outcome abstains/,
    ],
    [
      'a radius of a class that has none',
      line => line.replace('\tcertified\t', '\tpredicted\t'),
      /the radius is 0\.74951, but the outcome has 0/,
    ],
    [
      'single radii that are not named',
      line => line.replace('\tcertified\t', '\tcertified-at\t'),
      /the evidence lacks what the outcome certified-at says/,
    ],
    [
      'another digest',
      line => line.replace('0123456789abcdef', '0123456789ABCDEF'),
      /digest must be 16 hexadecimal digits/,
    ],
    ['evidence that is not JSON', line => `${line}}`, /evidence must be a JSON object/],
    [
      'evidence of an unknown kind',
      line => line.replace('"lowerBound"', '"middleBound"'),
      /evidence must be a JSON object/,
    ],
    [
      'a bound above 1',
      line => line.replace('0.9867', '1.9867'),
      /evidence must be a JSON object .* got "\{/,
    ],
    [
      'a selection of other votes',
      line => line.replace('"5":2', '"5":3'),
      /101 votes of the selection are not n0 = 100/,
    ],
    [
      'looks with other votes',
      line => line.replace('{"low', '{"looks":[[5000,4900],[5000,4999]],"low'),
      /9899 of 10000 votes at the looks are not 9900 of n = 10000/,
    ],
  ])('refuses %s', (_what, change, reason) => {
    const whole = formatRow(entry)
    const parse = (line: string) => parseLog(`${LOG_HEADER}\n${line}\n`, { file: 'log' })
    expect(parse(whole).rows).toHaveLength(1)
    expect(change(whole)).not.toBe(whole)
    expect(() => parse(change(whole))).toThrow(reason)
  })

  it.each([
    ['no file content', '', /line 1: no header row/],
    ['a header that was cut short', COHEN_HEADER, /line 1: no header row/],
    ['a log of PREDICT', 'idx\tlabel\tpredict\tcorrect\ttime\n', /lacks radius/],
    [
      'some of the vote columns',
      `${COHEN_HEADER}\tcandidate\tn\n`,
      /lacks candidate_count, runner_up, runner_up_count, n0/,
    ],
    [
      'some of the columns of format 2',
      `${LOG_HEADER.replace(/\tdigest/, '')}\n`,
      /the header row lacks digest/,
    ],
    ['commas', 'idx,label,predict,radius,correct,time\n', /lacks idx, label/],
  ])('refuses %s', (_what, text, reason) => {
    expect(() => parseLog(text, { file: 'log' })).toThrow(reason)
  })
})
