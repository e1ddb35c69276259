import fc from 'fast-check'
import { expect, it } from 'vitest'
import { wrapWords } from '../../src/files/wrap-words'

it('breaks lines between words, and keeps every word whole and in place', () => {
  expect(wrapWords('one two three', { width: 8 })).toBe('one two\nthree')
  expect(wrapWords('one two three', { width: 10, indent: '  ' })).toBe('one two\n  three')
  expect(wrapWords('a-word-that-is-long b', { width: 5 })).toBe('a-word-that-is-long\nb')
  const words = fc.array(fc.stringMatching(/^[a-zσ]{1,9}$/), { minLength: 1 })
  fc.assert(
    fc.property(words, fc.integer({ min: 9, max: 40 }), (all, width) => {
      const wrapped = wrapWords(all.join(' '), { width })
      expect(wrapped.split(/[ \n]/)).toEqual(all)
      for (const line of wrapped.split('\n')) expect([...line].length).toBeLessThanOrEqual(width)
    }),
  )
})

it('leaves lines as they are without a terminal', () => {
  const text = 'word '.repeat(200)
  expect(wrapWords(text, { width: Infinity })).toBe(text)
})
