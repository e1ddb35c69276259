import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import type { Ask, Certifier, Tally } from '../../../src/certification/certifiers'
import { randomNumbers } from '../../../src/streams'
import { asking, collected, filled, outOfMemory, queueOf, votesOn } from './fake-network'

const ask = (count: number, stage = 'estimation', from = 0): Ask => ({ stage, from, count })

/** Steps of a certifier, drawn: each stage continues where it was left, as adaptive certifiers do. */
function drawnSteps(random: () => number): Ask[][] {
  const drawn: Record<string, number> = {}
  return Array.from({ length: 1 + Math.floor(random() * 5) }, () =>
    ['selection', 'estimation', 'pilot']
      .filter(() => random() < 0.6)
      .map(stage => {
        const count = Math.floor(random() * 70)
        const from = drawn[stage] ?? 0
        drawn[stage] = from + count
        return { stage, from, count }
      }),
  )
}

describe('a queue of copies', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'tells each certifier the votes on its copies alone, whatever shares a pass: schedule %d',
    async seed => {
      const random = randomNumbers('schedules', seed)
      const told: Tally[][] = []
      const plans = Array.from({ length: 1 + Math.floor(random() * 12) }, (_, image) => {
        const arms = Array.from({ length: 1 + Math.floor(random() * 2) }, () => drawnSteps(random))
        return { image: `image ${image}`, arms }
      })
      const images = plans.map(({ image, arms }) => {
        const certifiers = arms.map(steps => {
          const own: Tally[] = []
          told.push(own)
          return asking(steps, own)
        })
        return [image, certifiers] as const
      })
      const size = 1 + Math.floor(random() * 100)
      const { queue, passes } = queueOf(images, { size, images: 1 + Math.floor(random() * 8) })
      const found = await collected(queue)
      expect(found.map(({ image }) => image)).toEqual(plans.map(({ image }) => image))
      const expected = plans.flatMap(({ image, arms }) =>
        arms.map(steps => steps.flat().map(step => votesOn(image, step))),
      )
      expect(told).toEqual(expected)
      // No copy is drawn twice, unless two certifiers ask for it at different times.
      const drawn = passes.reduce((total, pass) => total + filled(pass), 0)
      const asked = plans.flatMap(({ arms }) => arms.flat(2)).reduce((total, { count }) => total + count, 0)
      expect(drawn).toBeLessThanOrEqual(asked)
      if (plans.every(({ arms }) => arms.length === 1)) expect(drawn).toBe(asked)
      expect(new Set(passes.map(pass => pass.size))).toEqual(new Set(passes.length > 0 ? [size] : []))
    },
  )

  it('fills passes of one size across stages and images, and pads the last', async () => {
    const steps = [[ask(10, 'selection'), ask(30)]]
    const { queue, passes } = queueOf(
      ['a', 'b', 'c'].map(image => [image, [asking(steps)]] as const),
      { size: 48 },
    )
    await collected(queue)
    expect(passes.map(filled)).toEqual([48, 48, 24])
    expect(passes.map(({ size }) => size)).toEqual([48, 48, 48])
    expect(passes[0]?.runs).toEqual([
      { image: 'a', stage: 'selection', start: 0, count: 10 },
      { image: 'a', stage: 'estimation', start: 0, count: 30 },
      { image: 'b', stage: 'selection', start: 0, count: 8 },
    ])
    expect(passes[1]?.runs[0]).toEqual({ image: 'b', stage: 'selection', start: 8, count: 2 })
  })

  it('keeps images at work until passes are full, though each asks for little at a time', async () => {
    const little = Array.from({ length: 20 }, (_, step) => [ask(16, 'estimation', 16 * step)])
    const images = Array.from({ length: 40 }, (_, image) => [`image ${image}`, [asking(little)]] as const)
    const { queue, passes } = queueOf(images, { size: 64 })
    await collected(queue)
    const copies = 40 * 20 * 16
    expect(passes.reduce((total, pass) => total + filled(pass), 0)).toBe(copies)
    // The last images alone cannot fill passes.
    expect(passes.length).toBeLessThan(copies / 64 + 20)
  })

  it('sends a pass while one is computed, and no third one', async () => {
    const underWay: number[] = []
    const { queue } = queueOf([['a', [asking([[ask(320)]])]]], {
      size: 32,
      onPass: (_pass, now) => underWay.push(now),
    })
    await collected(queue)
    expect(underWay).toEqual([1, 2, 2, 2, 2, 2, 2, 2, 2, 2])
  })

  it.each([1, 2, 5])('has at most %d images at work', async most => {
    let yielded = 0
    const steps = [[ask(16)], [ask(16, 'estimation', 16)]]
    const images = Array.from({ length: 30 }, (_, image) => [`image ${image}`, [asking(steps)]] as const)
    const { queue, opened } = queueOf(images, {
      size: 64,
      images: most,
      // Those that are done and not given yet may be as many again.
      onPass: () => expect(opened() - yielded).toBeLessThanOrEqual(2 * most),
    })
    for await (const _ of queue.certified()) yielded += 1
    expect(yielded).toBe(30)
  })

  it('draws the copies of earlier images first', async () => {
    const steps = [[ask(40)], [ask(16, 'estimation', 40)]]
    const { queue, passes } = queueOf(
      ['a', 'b', 'c', 'd', 'e', 'f'].map(image => [image, [asking(steps)]] as const),
      { size: 48 },
    )
    await collected(queue)
    const second = passes.findIndex(({ runs }) =>
      runs.some(({ image, start }) => image === 'a' && start === 40),
    )
    expect(second).toBeLessThanOrEqual(2)
    expect(passes[second]?.runs[0]?.image).toBe('a')
  })

  it('draws what certifiers of one image ask for at the same time once', async () => {
    const told: Tally[][] = [[], [], []]
    const certifiers = [
      asking([[ask(20, 'selection'), ask(40)]], told[0]),
      asking([[ask(40)]], told[1]),
      asking([[ask(30)]], told[2]),
    ]
    const { queue, passes } = queueOf([['a', certifiers]], { size: 128 })
    await collected(queue)
    expect(passes.map(filled)).toEqual([90])
    expect(told[1]?.[0]).toEqual(told[0]?.[1])
    expect(told[2]).toEqual([votesOn('a', ask(30))])
  })

  it('continues where nothing is asked for', async () => {
    const certifiers: Certifier[] = [asking([[], [ask(0)], [ask(5)], []]), asking([])]
    const { queue, passes } = queueOf(
      [
        ['a', certifiers],
        ['b', []],
      ],
      { size: 16 },
    )
    const found = await collected(queue)
    expect(found.map(({ outcomes }) => outcomes.length)).toEqual([2, 0])
    expect(passes.map(filled)).toEqual([5])
  })

  it('shares the time of a pass among its images by their copies', async () => {
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
    const takes = (ms: number) => {
      now += ms
      return false
    }
    const { queue } = queueOf(
      [
        ['a', [asking([[ask(16)]])]],
        ['b', [asking([[ask(48)]])]],
      ],
      { size: 64, broken: () => takes(80) },
    )
    const found = await collected(queue).finally(() => clock.mockRestore())
    expect(found.map(({ durationMs }) => durationMs)).toEqual([20, 60])
  })

  it('asks each line in its own passes', async () => {
    const told: Tally[] = []
    const certifier = asking([[{ ...ask(40), line: 'large' }], [{ ...ask(1), line: 'core' }]], told)
    const { queue, passes } = queueOf([['a', [certifier]]], { size: 16, lines: ['large', 'core'] })
    await collected(queue)
    expect(passes.map(({ line }) => line)).toEqual(['large', 'large', 'large', 'core'])
    expect(told).toEqual([votesOn('a', ask(40)), votesOn('a', ask(1))])
  })

  it('tells at most each second how many copies of the next image have voted, of those asked for', async () => {
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
    const told: [number, number][] = []
    const { queue } = queueOf(
      [
        ['a', [asking([[ask(160)], [ask(64, 'more')]])]],
        ['b', [asking([[ask(96)]])]],
      ],
      {
        ...{ size: 16, images: 1, onCopies: (copies, of) => told.push([copies, of]) },
        broken: () => {
          now += 400
          return false
        },
      },
    )
    await collected(queue).finally(() => clock.mockRestore())
    expect(told).toEqual([
      ...[16, 64, 112].map(copies => [copies, 160]),
      ...[160, 208].map(copies => [copies, 224]),
      ...[32, 80].map(copies => [copies, 96]),
    ])
  })
})

describe('a pass that does not fit into memory', () => {
  it('is halved once for all that are under way, and no vote changes', async () => {
    const notes: string[] = []
    const told: Tally[] = []
    const { queue, passes } = queueOf([['a', [asking([[ask(200)]], told)]]], {
      ...{ size: 64, most: 20, onNote: note => notes.push(note) },
    })
    await collected(queue)
    expect(told).toEqual([votesOn('a', ask(200))])
    expect(notes).toEqual([
      'Memory does not suffice for batches of 64; continuing with 32.',
      'Memory does not suffice for batches of 32; continuing with 16.',
    ])
    const sizes = passes.map(({ size }) => size)
    expect(sizes.slice(0, 4)).toEqual([64, 64, 32, 32])
    expect(new Set(sizes.slice(5))).toEqual(new Set([16]))
    const drawn = passes.filter(({ size }) => size === 16).reduce((total, pass) => total + filled(pass), 0)
    expect(drawn).toBe(200)
  })

  it('fails where memory does not suffice for one copy', async () => {
    const { queue, passes } = queueOf([['a', [asking([[ask(20)]])]]], { size: 5, most: 0 })
    await expect(collected(queue)).rejects.toThrow(outOfMemory().message)
    expect(new Set(passes.map(({ size }) => size))).toEqual(new Set([5, 2, 1]))
  })
})

describe('a queue that fails', () => {
  it('gives the images before the one that a copy has no class of', async () => {
    // When b fails, a still waits for its second votes.
    const steps = [[ask(16)], [ask(16, 'more')]]
    const images = ['a', 'b', 'c'].map(image => [image, [asking(steps)]] as const)
    const { queue } = queueOf(images, {
      size: 16,
      broken: ({ runs }) => runs.some(({ image }) => image === 'b'),
    })
    const seen: string[] = []
    const all = async () => {
      for await (const { image } of queue.certified()) seen.push(image)
    }
    await expect(all()).rejects.toThrow('NaN for 16 of 16 noisy copies')
    expect(seen).toEqual(['a'])
  })

  it.each([
    ['line', { ...ask(5), line: 'huge' }, /asks the line "huge", and there is main, core/],
    ['ballot', { ...ask(5), ballot: 'selector' }, /the ballot "selector", and the line "main" has class/],
  ])('refuses a %s that there is not', async (_what, asked, message) => {
    const { queue } = queueOf([['a', [asking([[asked]])]]], { size: 16, lines: ['main', 'core'] })
    await expect(collected(queue)).rejects.toThrow(message)
  })

  it('says of a pass that fails why, and of the one behind it nothing', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    const { queue } = queueOf([['a', [asking([[ask(64)]])]]], {
      size: 16,
      onPass: () => {
        throw new Error('the pass')
      },
    })
    await expect(collected(queue)).rejects.toThrow('the pass')
    await setImmediate()
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  it('stops at once when the signal is aborted, and gives nothing more', async () => {
    const stop = new AbortController()
    const images = ['a', 'b', 'c', 'd'].map(image => [image, [asking([[ask(4)]])]] as const)
    const { queue } = queueOf(images, { size: 64, signal: stop.signal })
    const seen: string[] = []
    const all = async () => {
      for await (const { image } of queue.certified()) {
        seen.push(image)
        stop.abort(new Error('enough'))
      }
    }
    await expect(all()).rejects.toThrow('enough')
    expect(seen).toEqual(['a'])
  })

  it('waits for no pass when the signal is aborted, and leaves no listener on it', async () => {
    const stop = new AbortController()
    const { queue, passes } = queueOf([['a', [asking([[ask(64)]])]]], {
      size: 16,
      signal: stop.signal,
      hangs: () => true,
    })
    const stopped = collected(queue)
    await setImmediate()
    stop.abort(new Error('enough'))
    await expect(stopped).rejects.toThrow('enough')
    expect(passes).toHaveLength(2)
    const { signal } = new AbortController()
    await collected(queueOf([['a', [asking([[ask(64)]])]]], { size: 16, signal }).queue)
    await setImmediate()
    expect(getEventListeners(signal, 'abort')).toEqual([])
  }, 5_000)
})
