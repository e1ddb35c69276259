import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/errors'
import { ABSTAIN } from '../../src/logs/abstain'
import { type CertificationEntry, formatRow, LOG_HEADER, parseLog } from '../../src/logs/certification-log'

const COHEN_HEADER = 'idx\tlabel\tpredict\tradius\tcorrect\ttime'

const entry: CertificationEntry = {
  index: 7,
  label: 3,
  prediction: 3,
  radius: 0.74951,
  durationMs: 14_172.309,
  counts: { candidate: 3, candidateCount: 9_900, runnerUp: 5, runnerUpCount: 80, n0: 100, n: 10_000 },
}

/** Any entry that a run can produce. */
const entries: fc.Arbitrary<CertificationEntry> = fc
  .record({
    index: fc.nat(),
    label: fc.nat(999),
    candidate: fc.nat(999),
    abstains: fc.boolean(),
    radius: fc.double({ min: 1e-16, max: 50, noNaN: true }),
    microseconds: fc.nat(),
    n: fc.integer({ min: 1, max: 1e6 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ index, label, candidate, abstains, radius, microseconds, n, share }) => ({
    index,
    label,
    prediction: abstains ? ABSTAIN : candidate,
    radius: abstains ? 0 : radius,
    durationMs: microseconds / 1000,
    counts: {
      candidate,
      candidateCount: Math.floor(n * share),
      runnerUp: (candidate + 1) % 1000,
      runnerUpCount: n - Math.floor(n * share),
      n0: 100,
      n,
    },
  }))

describe('formatRow', () => {
  it("writes Cohen's columns first, then the votes", () => {
    expect(LOG_HEADER.startsWith(`${COHEN_HEADER}\t`)).toBe(true)
    expect(formatRow(entry)).toBe('7\t3\t3\t0.74951\t1\t0:00:14.172309\t3\t9900\t5\t80\t100\t10000')
  })

  it.each([0.74951, 0.7495100000000001, 0.9999999999999999, 1e-7, 0.1 + 0.2])(
    'keeps the radius %d',
    radius => {
      // Three significant digits, as other programs print them, would claim up to 0.5 % more than was certified.
      const [row] = parseLog(`${LOG_HEADER}\n${formatRow({ ...entry, radius })}\n`, { file: 'log' }).rows
      expect(row?.radius).toBe(radius)
    },
  )

  it('reads back as it was', () => {
    fc.assert(
      fc.property(entries, made => {
        const { rows, partial } = parseLog(`${LOG_HEADER}\n${formatRow(made)}\n`, { file: 'log' })
        const correct = made.prediction === made.label
        expect(rows).toEqual([{ ...made, correct, durationMs: expect.closeTo(made.durationMs, 6) }])
        expect(partial).toBeUndefined()
      }),
    )
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
          prediction: 3,
          radius: 0.377,
          correct: true,
          durationMs: expect.closeTo(14_172.309),
        },
        { index: 20, label: 8, prediction: ABSTAIN, radius: 0, correct: false, durationMs: 90_001_000 },
        { index: 21, label: 8, prediction: 6, radius: 1e-5, correct: false, durationMs: 2500 },
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

  it('has no rows under a bare header', () => {
    expect(parseLog(`${COHEN_HEADER}\n`, { file: 'log' }).rows).toEqual([])
  })

  it.each([
    ['a word for a radius', '1\t3\t3\tabc\t1\t0:00:01', /radius must be a number of at least 0, got "abc"/],
    ['an empty radius', '1\t3\t3\t\t1\t0:00:01', /radius must be .* got ""/],
    ['a negative radius', '1\t3\t3\t-0.1\t1\t0:00:01', /radius must be .* got "-0.1"/],
    ['an infinite radius', '1\t3\t3\tinf\t1\t0:00:01', /radius must be .* got "inf"/],
    ['a radius that overflows', '1\t3\t3\t1e999\t1\t0:00:01', /radius must be .* got "1e999"/],
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

  it.each([
    [
      'votes for another class',
      { counts: { ...entry.counts, candidate: 4 } },
      /prediction is 3, but the candidate 4/,
    ],
    ['too many votes', { counts: { ...entry.counts, n: 9_979 } }, /9900 and 80 votes are more than n = 9979/],
  ])('refuses %s', (_what, change, reason) => {
    const text = `${LOG_HEADER}\n${formatRow({ ...entry, ...change })}\n`
    expect(() => parseLog(text, { file: 'log' })).toThrow(reason)
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
    ['commas', 'idx,label,predict,radius,correct,time\n', /lacks idx, label/],
  ])('refuses %s', (_what, text, reason) => {
    expect(() => parseLog(text, { file: 'log' })).toThrow(reason)
  })
})
