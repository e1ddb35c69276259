import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type Session } from '../../src/bridge'
import { discreteGaussian, PIXEL_STEPS } from '../../src/statistics/discrete-gaussian'
import {
  copyRuns,
  imagesOfRuns,
  joinRows,
  laplaceOfRuns,
  noiseBlocks,
  noiseOfRuns,
  scoreSumsOfRuns,
  stackTensors,
  stepNoise,
  steppedOfRuns,
  tensor,
  uniformOfRuns,
} from '../../src/torch'
import { withForkedPython } from '../support/forked-python'

let session: Session
beforeAll(async () => {
  session = await withForkedPython(() => connect({ device: 'cpu', threads: 1 }))
})
afterAll(() => session.close())

describe('copies of a pass', () => {
  const RUNS = [
    { image: 1, name: [3, 'a'], start: 7, count: 12 },
    { image: 0, name: [3, 'b'], start: 0, count: 2 },
    { image: 1, name: [3, 'a'], start: 19, count: 1 },
  ]
  const pass = () => {
    const images = [1, 2].map(value => tensor(session, [[[value, -value]]], { axes: 'CHW' }))
    const images_SCHW = stackTensors(images as [(typeof images)[0], ...typeof images], { as: 'S' })
    return { images, images_SCHW, runs: copyRuns(session, RUNS, { size: 20, block: 16 }) }
  }

  test('have the image of their run, and padding the first one', async () => {
    const read = await session.compute(() => {
      const { images_SCHW, runs } = pass()
      return imagesOfRuns(images_SCHW, runs)
    })
    const firsts = read.map(copy => copy[0]?.[0]?.[0])
    expect(firsts).toEqual([...Array(12).fill(2), 1, 1, 2, ...Array(5).fill(1)])
  })

  test('are joined by rows of several tensors, and padded with the first', async () => {
    const read = await session.compute(() => {
      const [a, b] = [tensor(session, [0, 1, 2], { axes: 'N' }), tensor(session, [10, 11], { axes: 'N' })]
      const runs = [
        { tensor: 1, start: 1, count: 1 },
        { tensor: 0, start: 0, count: 2 },
      ]
      return [joinRows([a, b], { runs, size: 5 }), joinRows([a, b], { runs, size: 3 })]
    })
    expect(read).toEqual([
      [11, 0, 1, 11, 11],
      [11, 0, 1],
    ])
  })

  test('have the noise of their numbers, and padding none', async () => {
    const { found, a, b } = await session.compute(() => {
      const { images, images_SCHW, runs } = pass()
      const like = images[0] as (typeof images)[0]
      const of = (name: string) => noiseBlocks(like, { axis: 'N', name: [3, name], count: 20, block: 16 })
      return { found: noiseOfRuns(images_SCHW, runs), a: of('a'), b: of('b') }
    })
    const zeros = Array(5).fill([[[0, 0]]])
    expect(found).toEqual([...a.slice(7, 19), ...b.slice(0, 2), a[19], ...zeros])
  })

  describe('in whole steps', () => {
    const SIGMA = 0.25
    /** Copies of images that have one value, in steps. */
    const stepped = async (levels: readonly number[], runs = RUNS, size = 20) => {
      const copies = await session.compute(() => {
        const images = levels.map(level => tensor(session, [[[(2 * level) / 255 - 1]]], { axes: 'CHW' }))
        const images_SCHW = stackTensors(images as [(typeof images)[0], ...typeof images], { as: 'S' })
        const table = stepNoise(session, discreteGaussian(SIGMA).thresholds)
        return steppedOfRuns(images_SCHW, copyRuns(session, runs, { size, block: 16 }), {
          ...{ table, steps: PIXEL_STEPS },
        })
      })
      return copies.map(copy => ((copy[0]?.[0]?.[0] ?? 0) + 1) * 127.5)
    }

    test('are the image and noise of whole steps, whatever the pass: only their sum is seen', async () => {
      const of0 = await stepped([0, 0])
      const of7 = await stepped([7, 7.4])
      for (const value of of0) expect(Math.abs(value - Math.round(value))).toBeLessThan(1e-3)
      expect(of7.slice(0, 15).map(Math.round)).toEqual(of0.slice(0, 15).map(value => Math.round(value) + 7))
      const alone = await stepped([0, 0], [{ image: 1, name: [3, 'a'], start: 10, count: 4 }], 4)
      expect(alone).toEqual(of0.slice(3, 7))
    })

    test('have noise of the mean and the deviation of the table, from all 64 bits', async () => {
      const runs = [{ image: 0, name: [1, 'many'], start: 0, count: 20_000 }]
      const noise = await stepped([0], runs, 20_000)
      const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length
      const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length
      expect(Math.abs(mean)).toBeLessThan(1.5)
      expect(Math.abs(Math.sqrt(variance) / (255 * SIGMA) - 1)).toBeLessThan(0.02)
    })
  })

  test('have uniform noise of their numbers between both ends', async () => {
    const noise = await session.compute(() => {
      const images_SCHW = stackTensors([tensor(session, [[[0]]], { axes: 'CHW' })], { as: 'S' })
      const runs = copyRuns(session, [{ image: 0, name: [1, 'u'], start: 3, count: 5000 }], {
        ...{ size: 5001, block: 16 },
      })
      return uniformOfRuns(images_SCHW, runs, { halfWidth: 1.5 })
    })
    const values = noise.map(copy => copy[0]?.[0]?.[0] ?? 0)
    expect(values.at(-1)).toBe(0)
    expect(Math.max(...values)).toBeGreaterThan(1.49)
    expect(Math.max(...values)).toBeLessThan(1.5)
    expect(Math.min(...values)).toBeLessThan(-1.49)
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-1.5)
  })

  test('have Laplace noise of their numbers, of the scale', async () => {
    const noise = await session.compute(() => {
      const images_SCHW = stackTensors([tensor(session, [[[0]]], { axes: 'CHW' })], { as: 'S' })
      const pass = (start: number, count: number) =>
        laplaceOfRuns(
          images_SCHW,
          copyRuns(session, [{ image: 0, name: [1, 'l'], start, count }], { size: count + 1, block: 16 }),
          { scale: 0.5 },
        )
      return { all: pass(3, 20_000), part: pass(10, 2) }
    })
    const [values, part] = [noise.all, noise.part].map(copies =>
      copies.map(copy => copy[0]?.[0]?.[0] ?? 0),
    ) as [number[], number[]]
    expect(part).toEqual([...values.slice(7, 9), 0])
    expect(values.pop()).toBe(0)
    const share = (holds: (value: number) => boolean) => values.filter(holds).length / values.length
    // 4.5 standard deviations of a share of 20,000.
    const near = (p: number) => [p - 0.016, p + 0.016] as const
    for (const x of [0, 0.25, 1]) {
      const [least, most] = near(Math.exp(-x / 0.5) / 2)
      for (const tail of [share(value => value > x), share(value => value < -x)]) {
        expect(tail).toBeGreaterThan(least)
        expect(tail).toBeLessThan(most)
      }
    }
  })

  test('have their scores summed by run, in whole steps', async () => {
    const sums = await session.compute(() => {
      const scores_NK = tensor(
        session,
        [
          [1, 0],
          [0.5, 0.5],
          [0.26, 0.74],
          [Number.NaN, 1],
          [0.9, 0.1],
        ],
        { axes: 'NK' },
      )
      const runs = [
        { image: 0, name: [1, 's'], start: 0, count: 2 },
        { image: 0, name: [1, 't'], start: 5, count: 2 },
      ]
      return scoreSumsOfRuns(scores_NK, copyRuns(session, runs, { size: 5, block: 16 }), { steps: 4 })
    })
    expect(sums).toEqual([
      [4 + 2, 2, 16 + 4, 4, 2],
      // A copy without scores is not counted, nor is padding.
      [1, 3, 1, 9, 1],
    ])
  })

  test('are named by whole numbers and text', () => {
    const runs = [{ image: 0, name: [0.5], start: 0, count: 1 }]
    expect(() => copyRuns(session, runs, { size: 16, block: 16 })).toThrow(/name of a random stream/)
  })
})
