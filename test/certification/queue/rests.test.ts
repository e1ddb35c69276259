import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Ask, Tally } from '../../../src/certification/certifiers'
import { queueLine } from '../../../src/certification/queue/line'
import { LiveQueue } from '../../../src/certification/queue/live-queue'
import { PassSize } from '../../../src/certification/queue/pass-size'
import { randomNumbers } from '../../../src/streams'
import {
  asking,
  CLASSES,
  classOf,
  collected,
  differOn,
  FakeRests,
  filled,
  openIn,
  queueOf,
  votesOn,
} from './fake-network'

const ask = (count: number, stage = 'estimation', from = 0): Ask => ({ stage, from, count })

/** How many of these copies are left open. */
function openOf(image: string, { stage, from = 0, count }: Ask, every: number): number {
  return Array.from({ length: count }, (_, copy) => differOn(image, stage, from + copy, every)).filter(
    Boolean,
  ).length
}

describe('copies whose class is left open', () => {
  it('are asked about in full passes, gathered over images, and padded at the end alone', async () => {
    const names = Array.from({ length: 30 }, (_, image) => `image ${image}`)
    const told = names.map((): Tally[] => [])
    const images = names.map((image, place) => [image, [asking([[ask(100)]], told[place])]] as const)
    const { queue, passes, rests } = queueOf(images, { size: 64, open: 5 })
    const found = await collected(queue)
    expect(found.map(({ image }) => image)).toEqual(names)
    for (const [place, image] of names.entries()) expect(told[place]).toEqual([votesOn(image, ask(100))])
    const open = names.reduce((total, image) => total + openOf(image, ask(100), 5), 0)
    expect(open).toBeGreaterThan(64)
    // Nobody is asked about all copies, or about padding.
    expect(rests.passes.reduce((total, pass) => total + filled(pass), 0)).toBe(open)
    expect(rests.passes.map(({ size }) => size)).toEqual(rests.passes.map(() => 64))
    expect(rests.passes.slice(0, -2).map(filled)).toEqual(rests.passes.slice(0, -2).map(() => 64))
    expect(rests.passes.length).toBeLessThanOrEqual(Math.ceil(open / 64) + 1)
    // The copies are drawn once.
    expect(passes.reduce((total, pass) => total + filled(pass), 0)).toBe(3000)
    expect(rests.alive).toBe(0)
  })

  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'give the same votes whatever shares a pass: schedule %d',
    async seed => {
      const random = randomNumbers('rests', seed)
      const every = 1 + Math.floor(random() * 5)
      const names = Array.from({ length: 1 + Math.floor(random() * 12) }, (_, image) => `image ${image}`)
      const plans = names.map(image => {
        const steps: Ask[][] = []
        for (let [step, from] = [0, 0]; step < 1 + Math.floor(random() * 4); step += 1) {
          const count = Math.floor(random() * 60)
          steps.push([ask(count, 'estimation', from), ...(random() < 0.5 ? [ask(9, `pilot ${step}`)] : [])])
          from += count
        }
        return { image, steps, told: [] as Tally[] }
      })
      const size = 1 + Math.floor(random() * 60)
      const { queue, rests } = queueOf(
        plans.map(({ image, steps, told }) => [image, [asking(steps, told)]] as const),
        {
          ...{ size, open: every, images: 1 + Math.floor(random() * 8) },
          most: Math.max(1, Math.floor(size * (0.3 + random()))),
        },
      )
      await collected(queue)
      for (const { image, steps, told } of plans) {
        expect(told).toEqual(steps.flat().map(step => votesOn(image, step)))
      }
      expect(rests.alive).toBe(0)
    },
  )

  it('keep no more copies than fill a pass, beside those of passes under way', async () => {
    const images = Array.from(
      { length: 20 },
      (_, image) => [`image ${image}`, [asking([[ask(200)]])]] as const,
    )
    let most = 0
    const { queue, rests } = queueOf(images, {
      ...{ size: 32, open: 2 },
      onPass: () => {
        most = Math.max(most, rests.alive)
      },
    })
    await collected(queue)
    // Those of one pass are freed together.
    expect(most).toBeLessThan(5 * 32)
  })

  it('fill passes though each image asks for little at a time', async () => {
    const little = Array.from({ length: 10 }, (_, step) => [ask(16, 'estimation', 16 * step)])
    const images = Array.from({ length: 300 }, (_, image) => [`image ${image}`, [asking(little)]] as const)
    const { queue, rests } = queueOf(images, { size: 64, open: 5 })
    await collected(queue)
    const open = rests.passes.reduce((total, pass) => total + filled(pass), 0)
    const notFull = rests.passes.findIndex(pass => filled(pass) < 64)
    // The last images alone cannot fill passes.
    expect(notFull).toBeGreaterThan(0.8 * (open / 64))
    expect(rests.passes.length).toBeLessThan(open / 64 + 20)
  })

  it('are let go where nobody waits for them any more', async () => {
    const rests = new FakeRests()
    const line = queueLine(
      {
        ballots: { class: { classes: CLASSES } },
        rests: { class: { networks: [], cast: () => ({}) as never } },
      },
      () => new PassSize(32),
    )
    const stop = new AbortController()
    let onRest = () => {}
    const queue = new LiveQueue<string>({
      lines: new Map([['main', line]]),
      vote: async pass => {
        await setImmediate()
        const labels = pass.runs.flatMap(({ image, stage, start, count }) =>
          Array.from({ length: count }, (_, copy) => classOf(image, stage, start + copy)),
        )
        const padded = [...labels, ...Array<number>(pass.size - labels.length).fill(0)]
        return { class: rests.votes(padded, openIn(pass, 2)) }
      },
      voteRest: async pass => {
        await setImmediate()
        onRest()
        return rests.vote(pass)
      },
    })
    const told: Tally[] = []
    onRest = () => stop.abort(new Error('withdrawn'))
    const withdrawn = queue.submit('a', [asking([[ask(400)]])], { signal: stop.signal })
    const answered = queue.submit('b', [asking([[ask(400)]], told)])
    await expect(withdrawn).rejects.toThrow('withdrawn')
    await answered
    expect(told).toEqual([votesOn('b', ask(400))])
    expect(rests.alive).toBe(0)
    onRest = () => {
      throw new Error('the pass failed')
    }
    await expect(queue.submit('c', [asking([[ask(400)]])])).rejects.toThrow('the pass failed')
    while (rests.alive > 0) await setImmediate()
  })
})
