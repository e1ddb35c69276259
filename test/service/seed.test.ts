import { request as send } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import type { LoadedSmoothed } from '../../src'
import { createApp } from '../../src/service/app'
import { DEFAULT_LIMITS } from '../../src/service/limits'

/** Seeds that were drawn, in order. */
const drawn = vi.hoisted(() => [] as number[])
vi.mock('node:crypto', async importOriginal => {
  const original = await importOriginal<typeof import('node:crypto')>()
  return {
    ...original,
    randomBytes: (size: number) => {
      const bytes = original.randomBytes(size)
      if (size === 6) drawn.push(bytes.readUIntBE(0, 6))
      return bytes
    },
  }
})

const seeds: unknown[] = []
const smoothed = {
  predict: async (_image: Uint8Array, { seed }: { readonly seed: number }) => {
    seeds.push(seed)
    throw new Error('No more is asked.')
  },
  pictures: async (_image: Uint8Array, { seed }: { readonly seed: number }) => {
    seeds.push(seed)
    throw new Error('No more is asked.')
  },
  config: { certification: { n: 10 } },
} as unknown as LoadedSmoothed

afterEach(() => {
  drawn.length = 0
  seeds.length = 0
})

const FORM = [
  '--x\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\nab',
  'cd\r\n--x--\r\n',
]

it.each([
  ['/predict', 'image/png', ['ab', 'cd']],
  ['/pictures', 'image/png', ['ab', 'cd']],
  ['/predict', 'multipart/form-data; boundary=x', FORM],
  ['/pictures', 'multipart/form-data; boundary=x', FORM],
])('the seed of %s is drawn when the whole image has arrived, as %s', async (path, type, halves) => {
  const [half = '', rest = ''] = halves
  const { app, admission } = await createApp({
    predictor: {
      ...{ state: 'ready', smoothed },
      ask: async question => ({ result: await question(smoothed), restarted: false }),
    },
    access: { host: '127.0.0.1', allowedHosts: [], token: undefined },
    ...{ limits: DEFAULT_LIMITS, allowsSeed: false },
  })
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const request = send({
    ...{ host: '127.0.0.1', port, path, method: 'POST' },
    headers: { 'content-type': type, 'content-length': half.length + rest.length },
  })
  const answer = new Promise<string>((resolve, reject) => {
    request.on('response', response => resolve(text(response))).on('error', reject)
  })
  request.write(half)
  while (admission.accepted === 0) await wait(10)
  await wait(100)
  expect(drawn).toEqual([])
  request.end(rest)
  await answer
  expect(drawn).toHaveLength(1)
  expect(seeds).toEqual(drawn)
  await app.close()
})
