import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { predictionProgress } from '../../src/terminal/prediction-progress'
import { type PretendedStream, pretendStream, screenOf } from '../support/terminal'

let now = 0
let said: string[]
let stderr: PretendedStream | undefined
beforeEach(() => {
  now = 0
  said = []
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  vi.spyOn(console, 'error').mockImplementation(line => void said.push(line))
})
afterEach(() => {
  vi.restoreAllMocks()
  stderr?.restore()
})

/** Three images of 1,100 copies, ten seconds each, and a part of the next. */
function classifyThree() {
  const progress = predictionProgress({ images: 24, copiesPerImage: 1100 })
  for (const _ of [0, 1, 2]) {
    now += 10_000
    progress.image()
  }
  progress.copies(400, 1100)
  return progress
}

it('shows on a terminal the images, copies and time that is left', async () => {
  stderr = pretendStream('stderr', { isTTY: true, columns: 80 })
  classifyThree().end()
  expect(await screenOf(stderr.written())).toEqual([
    'image 3/24 · 400 of 1,100 copies · 3 min 30 s left · 0.100 images/s',
    '',
  ])
  expect(said).toEqual([])
})

it('shows on a terminal that networks are compiled, and nothing of what failed at once', async () => {
  stderr = pretendStream('stderr', { isTTY: true, columns: 80 })
  const progress = predictionProgress({ images: 24, copiesPerImage: 1100 })
  progress.onCompiling(true)
  progress.end()
  expect(await screenOf(stderr.written())).toEqual(['compiling networks, which takes a while', ''])
})

it('has no line elsewhere: an estimate, and the duration at the end', () => {
  stderr = pretendStream('stderr', { isTTY: false })
  classifyThree().end()
  expect(said.at(-1)).toBe('classifying: 30 s, 1100 noisy copies an image')
  expect(said.slice(0, -1)).toEqual([expect.stringMatching(/^classifying 24 images, about /)])
  expect(stderr.written()).toBe('')
})
