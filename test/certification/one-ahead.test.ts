import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { countedWhileSlow, oneAhead } from '../../src/certification/one-ahead'

/** The result of a job, to be decided by the test. */
class Outcome {
  resolve!: (value: string) => void
  reject!: (reason: Error) => void
  readonly promise = new Promise<string>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })
}

/** Jobs that end when they are told to, and the order in which they were begun. */
function jobs() {
  const outcomes = [0, 1, 2, 3].map(() => new Outcome())
  const begun: number[] = []
  const begin = (item: number) => {
    begun.push(item)
    return (outcomes[item] as Outcome).promise
  }
  return { begun, begin, of: (item: number) => outcomes[item] as Outcome }
}

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const result of results) all.push(result)
  return all
}

describe('oneAhead', () => {
  it.each([0, 1, 2, 5])('gives the results of %d jobs in their order', async count => {
    const items = Array.from({ length: count }, (_, item) => item)
    // The later, the faster.
    const begin = async (item: number) => {
      for (let turn = item; turn < count; turn++) await setImmediate()
      return `${item} is done`
    }
    const { signal } = new AbortController()
    expect(await collect(oneAhead(items, begin))).toEqual(items.map(item => `${item} is done`))
    expect(await collect(oneAhead(items, begin, { signal }))).toEqual(items.map(item => `${item} is done`))
  })

  it('has begun the next job, and no other, while one is waited for', async () => {
    const { begun, of, begin } = jobs()
    const results = oneAhead([0, 1, 2, 3], begin)
    const first = results.next()
    await setImmediate()
    expect(begun).toEqual([0, 1])
    of(0).resolve('zero')
    expect(await first).toEqual({ value: 'zero', done: false })
    expect(begun).toEqual([0, 1])
    const second = results.next()
    await setImmediate()
    expect(begun).toEqual([0, 1, 2])
    of(1).resolve('one')
    expect(await second).toEqual({ value: 'one', done: false })
    await results.return(undefined)
  })

  it('ends with the error of a job, and says nothing of the one after it', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    const { begun, of, begin } = jobs()
    const all = collect(oneAhead([0, 1, 2], begin))
    of(0).reject(new Error('the first'))
    of(1).reject(new Error('the second'))
    await expect(all).rejects.toThrow('the first')
    await setImmediate()
    process.off('unhandledRejection', note)
    expect(begun).toEqual([0, 1])
    expect(unhandled).toEqual([])
  })

  it.each([
    ['a job among others', [0, 1, 2]],
    ['the last job', [0]],
  ])('waits no more for %s when the signal is aborted', async (_what, items) => {
    const { begin } = jobs()
    const controller = new AbortController()
    const all = collect(oneAhead(items, begin, controller))
    await setImmediate()
    controller.abort(new Error('enough'))
    await expect(all).rejects.toThrow('enough')
  })

  it.each([0, 2])('begins none of %d jobs after the signal is aborted', async count => {
    const { begun, begin } = jobs()
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(collect(oneAhead([0, 1].slice(0, count), begin, { signal }))).rejects.toThrow('enough')
    expect(begun).toEqual([])
  })

  it('leaves no listener on the signal', async () => {
    const { signal } = new AbortController()
    await collect(oneAhead([0, 1, 2], async item => item, { signal }))
    await setImmediate()
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('countedWhileSlow', () => {
  /** How each of four jobs is begun, that take so many seconds. */
  async function begun(seconds: readonly number[], onCopies?: () => void) {
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
    const counted: boolean[] = []
    const atOnce: number[] = []
    let inWork = 0
    const begin = async (item: number, told?: (copies: number, of: number) => void) => {
      counted.push(told !== undefined)
      atOnce.push(++inWork)
      await setImmediate()
      now += 1000 * (seconds[item] ?? 0)
      inWork -= 1
      return item
    }
    try {
      const results = await collect(countedWhileSlow([0, 1, 2, 3], begin, { onCopies }))
      expect(results).toEqual([0, 1, 2, 3])
    } finally {
      clock.mockRestore()
    }
    return { counted, atOnce: Math.max(...atOnce) }
  }

  it('counts the first job, and those that follow a slow one, each alone', async () => {
    const onCopies = () => undefined
    expect(await begun([1, 1, 1, 1], onCopies)).toEqual({ counted: [true, false, false, false], atOnce: 2 })
    expect((await begun([9, 9, 1, 9], onCopies)).counted).toEqual([true, true, true, false])
    expect(await begun([9, 9, 9, 9], onCopies)).toEqual({ counted: [true, true, true, true], atOnce: 1 })
  })

  it('counts nothing where nobody is told', async () => {
    expect((await begun([9, 9, 9, 9])).counted).toEqual([false, false, false, false])
  })
})
