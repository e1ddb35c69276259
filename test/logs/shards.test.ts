import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dealt, planDigest, shardPath } from '../../src/internal'
import { planMetadata } from '../../src/logs/shards'

it.each([
  ['runs/log.tsv', { number: 3, of: 16 }, 'runs/log.shard-03-of-16.tsv'],
  ['log', { number: 1, of: 2 }, 'log.shard-01-of-02'],
  ['a.b/log', { number: 7, of: 100 }, 'a.b/log.shard-007-of-100'],
  ['log.v2.tsv', { number: 1, of: 2 }, 'log.v2.shard-01-of-02.tsv'],
  ['log.tsv', { number: '*' as const, of: 16 }, 'log.shard-*-of-16.tsv'],
])('shard of %s', (log, shard, path) => {
  expect(shardPath(log, shard)).toBe(path)
})

it('deals every image to one shard, in their order and evenly', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(1000), { minLength: 1 }),
      fc.integer({ min: 1, max: 20 }),
      (indices, of) => {
        fc.pre(of <= indices.length)
        const shares = Array.from({ length: of }, (_, position) =>
          dealt(indices, { number: position + 1, of }),
        )
        expect(shares.flat().sort()).toEqual([...indices].sort())
        expect(
          Math.max(...shares.map(share => share.length)) - Math.min(...shares.map(share => share.length)),
        ).toBeLessThan(2)
        for (const share of shares) {
          const positions = share.map(index => indices.indexOf(index))
          expect(positions).toEqual([...positions].sort((a, b) => a - b))
        }
      },
    ),
  )
})

it.each([
  [{ number: 0, of: 2 }, /No shard 0 of 2, expected one from 1 to 2/],
  [{ number: 3, of: 2 }, /No shard 3 of 2/],
  [{ number: 1, of: 0 }, /No shard 1 of 0/],
  [{ number: 0, of: -1 }, /No shard 0 of -1, expected one from 1 to 1/],
  [{ number: 1.5, of: 2 }, /No shard 1.5 of 2/],
  [{ number: 1, of: 2.5 }, /No shard 1 of 2.5/],
  [{ number: 1, of: 4 }, /3 images do not suffice for 4 shards/],
])('refuses %j of three images', (shard, message) => {
  expect(() => dealt([5, 6, 7], shard)).toThrow(message)
})

it('a log says its images, and a shard the whole it belongs to', () => {
  expect(planMetadata([4, 5, 6], undefined)).toEqual({ plan: { count: 3, images: '4-6' } })
  expect(planMetadata([4, 5, 6], { number: 1, of: 2 })).toEqual({
    plan: { count: 2, images: '4,6' },
    share: { number: 1, of: 2, count: 3, sha256: planDigest([4, 5, 6]) },
  })
})
