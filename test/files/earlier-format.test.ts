import { expect, it } from 'vitest'
import { pathAfresh, refusalOf, unsaidNote } from '../../src/files/earlier-format'

it.each([
  ['runs/a', 'runs/a-2'],
  ['runs/v1.5/a', 'runs/v1.5/a-2'],
  ['runs/certify.tsv', 'runs/certify-2.tsv'],
  ['a.shard.tsv', 'a.shard-2.tsv'],
])('what takes the place of %s is beside it', (path, other) => {
  expect(pathAfresh(path)).toBe(other)
})

it('what an earlier version wrote is refused with the way to start afresh', () => {
  expect(refusalOf({ what: 'The log a', format: 1, current: 3, not: 'continued', afresh: 'do b' })).toEqual({
    message: 'The log a has format 1, which is read but not continued; this version writes format 3.',
    remedy: 'Start afresh: do b',
  })
})

it('what it leaves open is named, if there is anything', () => {
  expect(unsaidNote('a', [])).toBeUndefined()
  expect(unsaidNote('a', ['this', 'that'])).toMatch(/^a does not say this, nor that, .*cannot be checked\.$/)
})
