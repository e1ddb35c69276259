import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type Session } from '../../src/bridge'
import { copyRuns, imagesOfRuns, noiseBlocks, noiseOfRuns, stackTensors, tensor } from '../../src/torch'

let session: Session
beforeAll(async () => {
  session = await connect({ device: 'cpu', threads: 1 })
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

  test('are named by whole numbers and text', () => {
    const runs = [{ image: 0, name: [0.5], start: 0, count: 1 }]
    expect(() => copyRuns(session, runs, { size: 16, block: 16 })).toThrow(/name of a random stream/)
  })
})
