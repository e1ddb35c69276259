import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { workClock } from '../../src/terminal/work-clock'

let now = 0
beforeEach(() => {
  now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
})
afterEach(() => vi.restoreAllMocks())

const after = (ms: number) => {
  now += ms
}

it('begins when copies of the first image have voted, and counts what was done since', () => {
  const clock = workClock()
  after(50_000)
  expect(clock.read()).toEqual({ elapsedMs: 0, images: 0, copies: 0 })
  clock.copies(100, 400)
  expect(clock.read()).toEqual({ elapsedMs: 0, images: 0, copies: 0 })
  after(1000)
  clock.copies(200, 400)
  expect(clock.read()).toEqual({ elapsedMs: 1000, images: 0, copies: 100 })
  after(2000)
  clock.image()
  expect(clock.read()).toEqual({ elapsedMs: 3000, images: 0.75, copies: 0 })
  after(4000)
  clock.image()
  expect(clock.read()).toEqual({ elapsedMs: 7000, images: 1.75, copies: 0 })
})

it('leaves out all images of the first pass', () => {
  const clock = workClock()
  after(50_000)
  for (const _ of [0, 1, 2]) clock.image()
  expect(clock.read()).toEqual({ elapsedMs: 0, images: 0, copies: 0 })
  after(900)
  for (const _ of [0, 1, 2]) clock.image()
  expect(clock.read()).toEqual({ elapsedMs: 900, images: 3, copies: 0 })
})

it('stands still meanwhile', () => {
  let pausedMs = 0
  const clock = workClock({ pausedMs: () => pausedMs })
  clock.image()
  after(5000)
  pausedMs = 4000
  clock.image()
  expect(clock.read()).toMatchObject({ elapsedMs: 1000, images: 1 })
})
