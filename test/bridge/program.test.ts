import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeAnswer, encodeProgram, type Parameters, type Plain } from '../../src/bridge/program'
import { PythonError } from '../../src/errors'

const encode = (parameters: Parameters) =>
  encodeProgram({
    instructions: [{ operation: 'add', makes: [3], takes: [1, 2], parameters, frees: [1] }],
    frees: [7],
    reads: [3],
  })

describe('encodeProgram', () => {
  test('writes one JSON text, an instruction as an array', () => {
    expect(encode({ other: 0.5 })).toBe(
      '{"instructions":[["add",[3],[1,2],{"other":0.5},[1]]],"frees":[7],"reads":[3]}',
    )
  })

  test.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [-0, '-0'],
    [2 ** 53, '9007199254740992'],
    [1e21, '1e+21'],
  ])('writes %d in words, at any depth', (number, words) => {
    const encoded = { $number: words }
    expect(parametersOf(encode({ a: number, b: [1, [number]], c: { d: number } }))).toEqual({
      a: encoded,
      b: [1, [encoded]],
      c: { d: encoded },
    })
  })

  test('leaves every other number as it is', () => {
    const others = fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, min: -1, max: 1 }))
    fc.assert(
      fc.property(fc.array(others), numbers => {
        const positiveZeros = numbers.map(number => number + 0)
        expect(parametersOf(encode({ numbers: positiveZeros }))).toEqual({ numbers: positiveZeros })
      }),
    )
  })

  test('writes strings and keys as they are, whatever they say', () => {
    for (const text of [
      'NaN',
      '$number',
      '"$number"',
      '{"$number":"NaN"}',
      '\u2028\n',
      '日本 🐍',
      '\ud800',
    ]) {
      expect(parametersOf(encode({ text, number: Number.NaN }))).toEqual({ text, number: { $number: 'NaN' } })
    }
  })

  const parametersOf = (program: string) => JSON.parse(program).instructions[0][3]
})

describe('decodeAnswer', () => {
  test('reads non-finite numbers at any depth', () => {
    const text =
      '{"values":[{"$number":"NaN"},[1,[{"$number":"-Infinity"}]],{"a":{"$number":"Infinity"}}],"seconds":1}'
    expect(decodeAnswer(text, { values: 3 })).toEqual({
      values: [Number.NaN, [1, [Number.NEGATIVE_INFINITY]], { a: Number.POSITIVE_INFINITY }],
      seconds: 1,
    })
  })

  test('takes no string for a number', () => {
    const values = ['NaN', '$number', '"$number"', '{"$number":"NaN"}', { text: '$number' }]
    const text = JSON.stringify({ values, seconds: 1 })
    expect(decodeAnswer(text, { values: 5 })).toEqual({ values, seconds: 1 })
  })

  test('gives back any plain values', () => {
    const plain = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Plain>
    fc.assert(
      fc.property(fc.array(plain), values => {
        const text = JSON.stringify({ values, seconds: 0.25 })
        expect(decodeAnswer(text, { values: values.length })).toEqual(JSON.parse(text))
      }),
    )
  })

  const failure = { type: 'T', message: 'm', traceback: 't', index: 0, inner: 1, operation: 'add' }

  test('is an error of this package for a text that is cut off anywhere, never a part of the answer', () => {
    for (const answer of [
      { values: [[1.5, 'a', null], { b: true }], seconds: 0.25 },
      { failure, seconds: 1 },
    ]) {
      const text = JSON.stringify(answer)
      expect(decodeAnswer(text, { values: 2 })).toEqual(answer)
      for (let length = 0; length < text.length; length += 1) {
        expect(() => decodeAnswer(text.slice(0, length), { values: 2 }), `${length}`).toThrow(PythonError)
      }
    }
  })

  test('is an error of this package for any other text, and for more or fewer values than were asked for', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.json().map(json => `${json},`),
    )
    fc.assert(
      fc.property(texts, fc.nat(3), (text, values) => {
        expect(() => decodeAnswer(text, { values })).toThrow(PythonError)
      }),
    )
    const withSeconds = fc.record({
      values: fc.option(fc.array(fc.nat(), { maxLength: 3 }), { nil: undefined }),
      failure: fc.option(
        fc.record(
          { type: fc.string(), message: fc.string(), index: fc.integer(), traceback: fc.string() },
          { requiredKeys: [] },
        ),
        { nil: undefined },
      ),
      seconds: fc.option(fc.nat()),
    })
    fc.assert(
      fc.property(withSeconds, fc.nat(3), (answer, values) => {
        fc.pre(answer.seconds === null || answer.values?.length !== values)
        expect(() => decodeAnswer(JSON.stringify(answer), { values })).toThrow(PythonError)
      }),
    )
  })

  test('does not repeat a huge text in its error', () => {
    const text = `{"values":[${'1,'.repeat(1_000_000)}`
    expect(() => decodeAnswer(text, { values: 1_000_001 })).toThrow(/^.{0,400}2000011 characters\).{0,200}$/s)
  })
})
