import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { predictionEstimate } from '../../src/terminal/prediction-estimate'
import { type PretendedStream, pretendStream } from '../support/terminal'

let now = 0
let said: string[]
let stderr: PretendedStream
beforeEach(() => {
  now = 0
  said = []
  stderr = pretendStream('stderr', { isTTY: false })
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  vi.spyOn(console, 'error').mockImplementation(line => void said.push(line))
})
afterEach(() => {
  vi.restoreAllMocks()
  stderr.restore()
})

/** Twelve images of 400 copies, 100 copies a second after a first pass of a minute. */
function classifyTwelve() {
  const estimate = predictionEstimate({ images: 12, copiesPerImage: 400 })
  now = 60_000
  estimate.copies(100, 400)
  for (let second = 1; second <= 47; second += 1) {
    now += 1000
    const voted = (100 * (second + 1)) % 400
    if (voted === 0) estimate.image()
    else estimate.copies(voted, 400)
  }
}

it('says once how many images there are, and how long they take without the warm-up', () => {
  classifyTwelve()
  expect(said).toEqual(['classifying 12 images, about 48 s in all'])
})

it('says it of images of which a pass has several', () => {
  const estimate = predictionEstimate({ images: 9, copiesPerImage: 100 })
  now = 60_000
  for (const _ of [0, 1, 2]) estimate.image()
  now += 2000
  for (const _ of [0, 1, 2]) estimate.image()
  expect(said).toEqual([])
  now += 2000
  estimate.copies(10, 100)
  expect(said).toEqual(['classifying 9 images, about 6 s in all'])
})

it('says nothing on a terminal, nor of what is done at once', () => {
  const estimate = predictionEstimate({ images: 2, copiesPerImage: 100 })
  for (const _ of [0, 1]) estimate.image()
  stderr.restore()
  stderr = pretendStream('stderr', { isTTY: true, columns: 80 })
  classifyTwelve()
  expect(said).toEqual([])
})
