import { afterEach, expect, it, vi } from 'vitest'
import { expectedTime } from '../../../src/certification/prediction/expected-time'
import type { LoadedSmoothed } from '../../../src/certification/prediction/loaded-smoothed'

afterEach(() => vi.restoreAllMocks())

/** What is expected where the first pass takes ten seconds and each later one half a second. */
async function timeOf(
  certification: { readonly n0: number; readonly n: number; readonly batch: number },
  mostVotes = 100_000,
) {
  let nowMs = 0
  let passes = 0
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
  const predict = vi.fn(async () => {
    passes += 1
    nowMs += passes === 1 ? 10_000 : 500
  })
  const smoothed = { config: { certification }, predict } as unknown as LoadedSmoothed
  const time = await expectedTime(smoothed, { mostVotes })
  expect(predict).toHaveBeenCalledTimes(2)
  return time
}

it('counts the passes that the copies of a request fill, without the one that warms up', async () => {
  expect(await timeOf({ n0: 100, n: 10_000, batch: 64 })).toEqual({ n: 10_000, seconds: 0.5 * 158 })
  expect(await timeOf({ n0: 100, n: 1000, batch: 2000 })).toEqual({ n: 1000, seconds: 0.5 })
  // A pass has whole blocks of 16.
  expect(await timeOf({ n0: 0, n: 128, batch: 79 })).toEqual({ n: 128, seconds: 0.5 * 2 })
})

it('asks for no more copies than a request may', async () => {
  expect(await timeOf({ n0: 100, n: 10_000, batch: 64 }, 64)).toEqual({ n: 64, seconds: 0.5 * 2 })
})
