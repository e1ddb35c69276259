import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type CertificationConfig, certifyDataset, type Session, smoothingOf, torch } from '../../../src'
import { readCertificationLog } from '../../../src/analysis'
import type { CertifiedArm } from '../../../src/certification/certify-dataset'
import { VotingPasses } from '../../../src/certification/queue/voting-passes'
import { certificationSchema } from '../../../src/config/certification-schema'
import { shardPath } from '../../../src/internal'
import type { CertificationRow } from '../../../src/logs/certification-log'
import { randomNumbers } from '../../../src/streams'
import { CLASSIFIER, connectForTest, loadDigits } from '../../support/digits'
import { IS_SLOW_RUN } from '../../support/slow'

/** Rows of an earlier version, which certified image by image in passes of many sizes. */
interface ImageByImage {
  readonly sigma: number
  readonly indices: readonly number[]
  readonly seed: number
  readonly alpha: number
  readonly noise: {
    readonly stream: (string | number)[]
    readonly start: number
    readonly values: readonly (readonly number[])[]
  }
  readonly procedures: Readonly<
    Record<string, { readonly certification: object; readonly rows: readonly CertificationRow[] }>
  >
}

let session: Session
let folder: string
let networks: Awaited<ReturnType<typeof loadDigits>>
let before: ImageByImage
beforeAll(async () => {
  session = await connectForTest()
  networks = await loadDigits(session)
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-schedules-'))
  before = JSON.parse(
    await readFile(join(__dirname, '..', '..', 'support', 'votes_image_by_image.json'), 'utf8'),
  )
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

interface Options extends Omit<Parameters<typeof certifyDataset>[1], 'certification' | 'indices'> {
  readonly ensemble?: CertifiedArm['ensemble']
}
type Rows = ReadonlyMap<number, Omit<CertificationRow, 'durationMs'>>

async function certify(
  name: string,
  certification: CertificationConfig,
  indices: readonly number[],
  { ensemble, ...options }: Options = {},
): Promise<Rows> {
  const log = join(folder, name)
  const { classifier, denoiser, testSet: dataset } = networks
  const smoothing = smoothingOf(denoiser, before.sigma)
  await certifyDataset(
    { smoothing, dataset, arms: [{ classifier, ensemble, name: 'digits', log }] },
    { certification, indices, ...options },
  )
  const { rows } = await readCertificationLog(log)
  return new Map(rows.map(({ durationMs: _, ...row }) => [row.index, row]))
}

const settings = (changes: object) =>
  certificationSchema.parse({ n0: 16, alpha: before.alpha, seed: before.seed, ...changes })

/** A drawn order of images. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map(item => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

/** Compares rows of schedules that are drawn: images at work, orders, shards, interruptions. */
async function requireEqualRows(
  name: string,
  certification: CertificationConfig,
  { schedules, ensemble }: { readonly schedules: number } & Pick<Options, 'ensemble'>,
): Promise<void> {
  const indices = [0, 1, 2, 3, 7]
  const expected = await certify(`${name}.tsv`, certification, indices, { ensemble })
  expect(new Set([...expected.values()].map(({ evidence }) => evidence?.n)).size).toBeGreaterThan(1)
  for (let schedule = 0; schedule < schedules; schedule += 1) {
    const random = randomNumbers('schedules', schedule)
    const order = shuffled(indices, random)
    const imagesAtWork = 1 + Math.floor(random() * 8)
    const of = 1 + Math.floor(random() * 3)
    for (let number = 1; number <= of; number += 1) {
      const shard = of === 1 ? undefined : { number, of }
      const log =
        shard === undefined ? `${name}-${schedule}.tsv` : shardPath(`${name}-${schedule}.tsv`, shard)
      const stop = new AbortController()
      const last = 1 + Math.floor(random() * 3)
      const onImage = (done: number) => {
        if (done === last) stop.abort(new Error('interrupted'))
      }
      const options = { shard, imagesAtWork, ensemble }
      await certify(log, certification, order, { ...options, onImage, signal: stop.signal }).catch(error => {
        if (!stop.signal.aborted) throw error
      })
      const rows = await certify(log, certification, order, options)
      expect([...rows.keys()]).toEqual(order.filter((_, place) => place % of === number - 1))
      for (const [index, row] of rows) expect(row).toEqual(expected.get(index))
    }
  }
}

it('has equal rows, to the last bit, in 20 drawn schedules: images at work, orders, shards, interruptions', async () => {
  const certification = settings({ n: 160, batch: 48, adaptive: { radii: [0, 0.25, 0.5] } })
  await requireEqualRows('one', certification, { schedules: 20 })
}, 600_000)

it('has equal rows in drawn schedules of k-consensus, whose open copies wait for passes with those of other images', async () => {
  const other = await torch.loadClassifier(session, {
    ...{ source: 'timm', path: CLASSIFIER, inputRange: { mean: [0.6], std: [0.3] } },
  })
  const rests = vi.spyOn(VotingPasses.prototype, 'voteRest')
  const certification = settings({ n: 160, batch: 48, adaptive: { radii: [0, 0.25, 0.5] } })
  const ensemble = { others: [other, networks.classifier], by: 'softmax', consensus: 2 } as const
  await requireEqualRows('consensus', certification, { schedules: IS_SLOW_RUN ? 8 : 4, ensemble })
  expect(rests.mock.calls.some(([{ runs }]) => new Set(runs.map(({ kept }) => kept)).size > 1)).toBe(true)
  session.free(other)
}, 600_000)

it('draws the noise that passes of other sizes drew, and votes differ by rounding at most', async () => {
  const { noise, indices, procedures } = before
  const image_CHW = session.scope(() => torch.select(networks.testSet.images([3]).images_BCHW, 'B', 0))
  const drawn = await session.compute(() => {
    const images_SCHW = torch.stackTensors([image_CHW], { as: 'S' })
    const count = noise.values.length
    const run = { image: 0, name: noise.stream, start: noise.start, count }
    return torch.noiseOfRuns(images_SCHW, torch.copyRuns(session, [run], { size: count, block: 16 }))
  })
  session.free(image_CHW)
  expect(drawn.map(copy => copy.flat(3).slice(0, 2))).toEqual(noise.values)
  let rows = 0
  const others: string[] = []
  for (const [name, { certification, rows: expected }] of Object.entries(procedures)) {
    const found = await certify(`${name}.tsv`, settings({ batch: 64, ...certification }), indices)
    for (const row of expected) {
      rows += 1
      const now = found.get(row.index)
      if (JSON.stringify(now) !== JSON.stringify(row)) others.push(`${name}, image ${row.index}`)
    }
  }
  process.stdout.write(
    `${others.length} of ${rows} rows have other votes than those of passes of other sizes: ${others}\n`,
  )
  expect(others.length).toBeLessThanOrEqual(1)
}, 300_000)
