import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  ConfigError,
  certifyDataset,
  certifyImage,
  noiseLevelOf,
  predictImage,
  readCertificationLog,
  recordVotes,
  type Session,
  torch,
  toSymmetric,
} from '../../src'
import { CLASSIFIER, connectForTest, loadDigits } from '../support/digits'

const SIGMA = 0.25
const OPTIONS = { sigma: SIGMA, n0: 16, n: 96, alpha: 0.001, batch: 64, seed: 7 }

describe('certification', () => {
  let session: Session
  let networks: Awaited<ReturnType<typeof loadDigits>>
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
    networks = await loadDigits(session)
  })
  afterAll(() => session.close())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-certify-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const smoothing = () => ({
    denoiser: networks.denoiser,
    level: noiseLevelOf(networks.denoiser, SIGMA),
    classifiers: [networks.classifier],
  })
  const image = (index: number) =>
    session.scope(() => torch.select(toSymmetric(networks.testSet.images([index]).images_BCHW), 'B', 0))

  async function votes(n: number, batch: number, stream: (string | number)[] = ['votes']): Promise<number[]> {
    const image_CHW = image(3)
    const [counts = []] = await session.compute(() =>
      recordVotes(smoothing(), image_CHW, { n, batch, classes: 10, stream }),
    )
    session.free(image_CHW)
    return counts
  }

  it('counts n votes, the same for every batch size and other ones for another stream', async () => {
    const reference = await votes(300, 300)
    expect(reference.reduce((sum, count) => sum + count, 0)).toBe(300)
    expect(reference.filter(count => count > 0).length).toBeGreaterThan(1)
    for (const batch of [1, 100, 5000]) expect(await votes(300, batch)).toEqual(reference)
    expect(await votes(300, 300, ['other'])).not.toEqual(reference)
  })

  it('gives classifiers that vote together what each gets alone', async () => {
    const other = await torch.loadClassifier(session, {
      source: 'timm',
      path: CLASSIFIER,
      inputRange: { mean: [0.9], std: [0.2] },
    })
    const image_CHW = image(1)
    const certify = (classifiers: torch.Classifier[]) =>
      certifyImage({ ...smoothing(), classifiers }, image_CHW, { ...OPTIONS, index: 1, classes: 10 })
    const [first, second] = await certify([networks.classifier, other])
    expect(await certify([networks.classifier])).toEqual([first])
    expect(await certify([other])).toEqual([second])
    expect(first).not.toEqual(second)
    session.free([image_CHW, other])
  })

  it('predicts with the counts of its own stream', async () => {
    const image_CHW = image(0)
    const [prediction] = await predictImage(smoothing(), image_CHW, { ...OPTIONS, index: 0, classes: 10 })
    expect(prediction?.prediction).toBe(6)
    expect(prediction?.topCount).toBeLessThanOrEqual(OPTIONS.n)
    session.free(image_CHW)
  })

  /** Certifies into a log and returns its rows without their times. */
  async function certify(name: string, indices: readonly number[], change: Partial<typeof OPTIONS> = {}) {
    const { denoiser, classifier, testSet } = networks
    const log = join(folder, name)
    await certifyDataset(
      { denoiser, dataset: testSet, arms: [{ classifier, name: 'digits', log }] },
      { ...OPTIONS, ...change, level: noiseLevelOf(denoiser, SIGMA), indices, dtype: 'float32' },
    )
    const { rows } = await readCertificationLog(log)
    return new Map(rows.map(({ durationMs: _, ...row }) => [row.index, row]))
  }

  it('writes equal rows in any order, over shards, and after a row was cut short', async () => {
    const indices = [0, 2, 3, 6]
    const reference = await certify('reference.tsv', indices)
    expect([...reference.keys()]).toEqual(indices)
    expect([...reference.values()].filter(({ radius }) => radius > 0).length).toBeGreaterThan(2)

    const reversed = await certify('reversed.tsv', [...indices].reverse())
    const shards = [...(await certify('shard.tsv', [2, 6])), ...(await certify('other-shard.tsv', [0, 3]))]
    for (const index of indices) {
      expect(reversed.get(index)).toEqual(reference.get(index))
      expect(new Map(shards).get(index)).toEqual(reference.get(index))
    }

    await certify('resumed.tsv', indices.slice(0, 3))
    const resumed = join(folder, 'resumed.tsv')
    await truncate(resumed, (await readFile(resumed)).length - 5)
    const before = session.counters.answers
    expect(await certify('resumed.tsv', indices)).toEqual(reference)
    expect(session.counters.answers - before).toBe(2 * 2)
  })

  it('refuses to go on with a log of another configuration, and says what differs', async () => {
    await certify('log.tsv', [0])
    await expect(certify('log.tsv', [1], { alpha: 0.01 })).rejects.toThrow(ConfigError)
    await expect(certify('log.tsv', [1], { alpha: 0.01 })).rejects.toThrow(/alpha/)
  })

  it('leaves no tensor behind', async () => {
    const before = session.liveTensors()
    await certify('log.tsv', [0, 1])
    expect(session.liveTensors()).toBe(before)
  })
})
