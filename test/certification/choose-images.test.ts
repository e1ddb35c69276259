import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, chooseImages, type Session, torch } from '../../src'
import { connectForTest } from '../support/digits'

describe('chooseImages', () => {
  let session: Session
  let testSet: torch.Dataset

  beforeAll(async () => {
    session = await connectForTest()
    testSet = await torch.openDataset(session, { source: 'digits', split: 'test' })
  })
  afterAll(() => session.close())

  const choose = (images: Parameters<typeof chooseImages>[1]['images'], seed = 0) =>
    chooseImages(testSet, { images, seed })

  it('takes all, the first, every k-th or the given images', async () => {
    const all = Array.from({ length: 597 }, (_, index) => index)
    expect(await choose('all')).toEqual(all)
    expect(await choose({ first: 3 })).toEqual([0, 1, 2])
    expect(await choose({ every: 200 })).toEqual([0, 200, 400])
    expect(await choose({ every: 596 })).toEqual([0, 596])
    expect(await choose({ every: 598 })).toEqual([0])
    expect(await choose({ indices: [5, 2, 596] })).toEqual([5, 2, 596])
  })

  it('draws images with the seed', async () => {
    const drawn = await choose({ random: 20 })
    expect(new Set(drawn).size).toBe(20)
    expect(drawn).toEqual([...drawn].sort((a, b) => a - b))
    expect(await choose({ random: 20 })).toEqual(drawn)
    expect(await choose({ random: 20 }, 1)).not.toEqual(drawn)
  })

  it('draws images over the classes with the seed', async () => {
    const drawn = await choose({ overClasses: 20 })
    const labels = await session.compute(() => testSet.labels(drawn))
    expect(labels.toSorted()).toEqual(Array.from({ length: 20 }, (_, place) => Math.floor(place / 2)))
    expect(await choose({ overClasses: 20 }, 1)).not.toEqual(drawn)
    expect((await choose({ overClasses: 598 })).toSorted((a, b) => a - b)).toEqual(await choose('all'))
  })

  it('draws one image of each class with the seed', async () => {
    const drawn = await choose({ onePerClass: true })
    const labels = await session.compute(() => testSet.images(drawn).labels_B)
    expect(labels).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(await choose({ onePerClass: true }, 1)).not.toEqual(drawn)
  })

  it.each([
    [{ first: 598 }, /asks for 598 images, but the test set has 597/],
    [{ random: 598 }, /asks for 598 images/],
    [{ indices: [0, 597] }, /asks for image 597, counted from 0/],
  ])('refuses %j', async (images, message) => {
    await expect(choose(images)).rejects.toThrow(ConfigError)
    await expect(choose(images)).rejects.toThrow(message)
  })
})
