import { describe, expect, it } from 'vitest'
import type { Tally } from '../../../src/certification/certifiers'
import { ImageAtWork } from '../../../src/certification/queue/image-at-work'
import { asking } from './fake-network'

const LINES = new Map([['main', { ballots: { scores: { classes: 2, kind: 'scores' as const } } }]])

describe('a ballot of scores', () => {
  const opened = (told: Tally[]) => {
    const certifiers = [asking([[{ stage: 'estimation', count: 48 }]], told, 'scores')]
    const image = new ImageAtWork('a', { position: 0, certifiers, lines: LINES })
    const [request] = image.advance()
    if (request === undefined) throw new Error('copies that are asked for')
    return { image, request }
  }
  /** Two runs of a pass, of 16 and 32 copies. */
  const RUNS = [
    { range: { start: 0, count: 16 }, first: 0, run: 0 },
    { range: { start: 16, count: 32 }, first: 16, run: 1 },
  ]

  it('adds up what the runs of passes say', () => {
    const told: Tally[] = []
    const { image, request } = opened(told)
    for (const { range, ...place } of RUNS) {
      const sums = {
        scores: [
          [10, 6, 8, 4, 16],
          [20, 12, 16, 8, 32],
        ],
      }
      request.deal(range, { ...place, labels: {}, sums })
    }
    expect(request).toMatchObject({ isAnswered: true, voted: 48 })
    expect(image.advance()).toEqual([])
    expect(told).toEqual([[30, 18, 24, 12, 48]])
    expect(image.outcomes).toHaveLength(1)
  })

  it('has no outcome where a copy has no scores', () => {
    const { image, request } = opened([])
    for (const { range, ...place } of RUNS) {
      const sums = {
        scores: [
          [10, 6, 8, 4, 16],
          [20, 12, 16, 8, 31],
        ],
      }
      request.deal(range, { ...place, labels: {}, sums })
    }
    image.advance()
    expect(() => image.outcomes).toThrow('NaN for 1 of 48 noisy copies')
  })
})
