import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Ask, Tally } from '../../../src/certification/certifiers'
import { LiveQueue } from '../../../src/certification/queue/live-queue'
import { PassSize } from '../../../src/certification/queue/pass-size'
import type { Pass } from '../../../src/certification/queue/passes'
import { asking, CLASSES, classOf, filled, outOfMemory, votesOn } from './fake-network'

const ask = (count: number, stage = 'estimation', from = 0): Ask => ({ stage, from, count })

/** A live queue before a network that needs no Python, and the passes that it was sent. */
function liveQueue({
  size,
  most = size,
  fails,
}: {
  size: number
  most?: number
  fails?: (pass: Pass<string>) => boolean
}) {
  const passes: Pass<string>[] = []
  const queue = new LiveQueue<string>({
    lines: new Map([['main', { ballots: { class: { classes: CLASSES } }, size: new PassSize(size) }]]),
    vote: async pass => {
      passes.push(pass)
      await setImmediate()
      if (pass.size > most) throw outOfMemory()
      if (fails?.(pass)) throw new Error('the pass failed')
      const classes = pass.runs.flatMap(({ image, stage, start, count }) =>
        Array.from({ length: count }, (_, copy) => classOf(image, stage, start + copy)),
      )
      return { class: [...classes, ...Array<number>(pass.size - classes.length).fill(0)] }
    },
  })
  return { queue, passes }
}

describe('a live queue', () => {
  it('tells each certifier the votes on its copies alone, of images that come while others are at work', async () => {
    const { queue, passes } = liveQueue({ size: 32 })
    const told: Tally[][] = []
    const answers = Array.from({ length: 20 }, async (_, image) => {
      for (let turn = 0; turn < image; turn += 1) await setImmediate()
      const own: Tally[] = []
      told[image] = own
      const { outcomes } = await queue.submit(`image ${image}`, [
        asking([[ask(10, 'selection'), ask(20)], [ask(7, 'estimation', 20)]], own),
      ])
      expect(outcomes).toHaveLength(1)
    })
    await Promise.all(answers)
    for (const [image, own] of told.entries()) {
      const name = `image ${image}`
      const asked = [ask(10, 'selection'), ask(20), ask(7, 'estimation', 20)]
      expect(own).toEqual(asked.map(one => votesOn(name, one)))
    }
    expect(passes.reduce((total, pass) => total + filled(pass), 0)).toBe(20 * 37)
    expect(queue.images).toBe(0)
  })

  it('has images that are submitted together share passes', async () => {
    const { queue, passes } = liveQueue({ size: 64 })
    await Promise.all(['a', 'b', 'c', 'd'].map(image => queue.submit(image, [asking([[ask(16)]])])))
    expect(passes.map(filled)).toEqual([64])
  })

  it('answers an image that takes few copies before one that takes many and came first', async () => {
    const { queue } = liveQueue({ size: 32 })
    const done: string[] = []
    await Promise.all(
      [
        ['many', 1600],
        ['few', 32],
      ].map(async ([image, count]) => {
        await queue.submit(String(image), [asking([[ask(Number(count))]])])
        done.push(String(image))
      }),
    )
    expect(done).toEqual(['few', 'many'])
  })

  it('gives each image an equal part of a pass, in whole blocks, and those first that the last pass left out', async () => {
    const { queue, passes } = liveQueue({ size: 48 })
    const first = queue.submit('first', [asking([[ask(2 * 48)]])])
    await setImmediate()
    await Promise.all(['a', 'b', 'c', 'd'].map(image => queue.submit(image, [asking([[ask(36)]])])))
    await first
    expect(passes.slice(2).map(({ runs }) => runs.map(({ image, count }) => `${image} ${count}`))).toEqual([
      ['a 16', 'b 16', 'c 16'],
      ['d 16', 'a 16', 'b 16'],
      ['c 16', 'd 16', 'a 4', 'b 4', 'c 4', 'd 4'],
    ])
  })

  it('draws nothing more for an image that is withdrawn', async () => {
    const { queue, passes } = liveQueue({ size: 32 })
    const stop = new AbortController()
    const onVotes = () => stop.abort(new Error('the client has gone'))
    const gone = queue.submit('gone', [asking([[ask(3200)]])], { signal: stop.signal, onVotes })
    await expect(gone).rejects.toThrow('the client has gone')
    await queue.submit('next', [asking([[ask(32)]])])
    const after = passes.filter(({ runs }) => runs.some(({ image }) => image === 'gone'))
    expect(after.length).toBeLessThanOrEqual(2)
    await expect(queue.submit('late', [asking([[ask(1)]])], { signal: stop.signal })).rejects.toThrow('gone')
    expect(queue.images).toBe(0)
  })

  it('fails the images of a pass that fails, and no other', async () => {
    const { queue } = liveQueue({ size: 16, fails: ({ runs }) => runs.some(({ image }) => image === 'bad') })
    const answers = await Promise.allSettled(
      ['good', 'bad', 'better'].map(image =>
        queue.submit(image, [asking([[ask(16)], [ask(16, 'estimation', 16)]])]),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(queue.images).toBe(0)
  })

  it('fails the image whose votes cannot be told, and answers those that come later', async () => {
    const { queue } = liveQueue({ size: 16 })
    const onVotes = () => {
      throw new Error('the screen is full')
    }
    const answers = await Promise.allSettled([
      queue.submit('untold', [asking([[ask(48)]])], { onVotes }),
      queue.submit('told', [asking([[ask(48)]])]),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(answers[0]).toMatchObject({ reason: { message: 'the screen is full' } })
    await queue.submit('later', [asking([[ask(16)]])])
  })

  it('draws again in smaller passes what memory did not suffice for, but not for who has gone', async () => {
    const { queue, passes } = liveQueue({ size: 64, most: 32 })
    const stop = new AbortController()
    const gone = queue.submit('gone', [asking([[ask(16)]])], { signal: stop.signal })
    const stays = queue.submit('stays', [asking([[ask(40)]])])
    await Promise.resolve()
    await Promise.resolve()
    stop.abort(new Error('gone'))
    await expect(gone).rejects.toThrow('gone')
    await stays
    expect(passes.map(({ size }) => size)).toEqual([64, 32, 32])
    expect(passes.slice(1).flatMap(({ runs }) => runs.map(({ image }) => image))).not.toContain('gone')
  })

  it('tells the votes while they come in, which add up to what was asked for', async () => {
    const { queue } = liveQueue({ size: 16 })
    const seen: number[] = []
    await queue.submit('a', [asking([[ask(16, 'selection'), ask(48)]])], {
      onVotes: ({ counts, voted, asked }) => {
        expect(asked).toBe(64)
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(voted - 16)
        seen.push(voted)
      },
    })
    expect(seen).toEqual([16, 32, 48, 64])
  })
})
