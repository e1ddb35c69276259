import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { attack, certify, finetune, loadSmoothed, predict, type Session, torch, toSymmetric } from '../../src'
import { certificationOf, parseCertificationConfig } from '../../src/config/schema'
import { pairWithAttacks, requireUnbroken } from '../../src/internal'
import { connectForTest } from '../support/digits'
import { HOOKS, kindRun } from '../support/every-kind'
import { useForkedPython } from '../support/forked-python'

useForkedPython()

/** With so small an α, not one of these certificates is false by chance. */
const ALPHA = 1e-6
const TIMEOUT_MS = 300_000

let session: Session
let folder: string
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-layer-noise-'))
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

/** Writes test images as PNG files. */
async function writeImages(indices: readonly number[]): Promise<string[]> {
  const dataset = await torch.openDataset(session, { source: 'digits', split: 'test' })
  const { pictures } = await session.compute(() => ({
    pictures: torch.encodePng(toSymmetric(torch.flatten(dataset.images(indices).images_BCHW, 'B', 'N'))),
  }))
  session.free(dataset)
  return Promise.all(
    pictures.map(async (picture, place) => {
      const file = join(folder, `${place}.png`)
      await writeFile(file, Buffer.from(picture, 'base64'))
      return file
    }),
  )
}

it(
  'a classifier that is trained with noise after its first layer certifies nothing that an attack changes',
  async () => {
    const run = kindRun('layer-noise', folder, '')
    const config = {
      ...run,
      optimisation: { ...run.optimisation, imagesPerUpdate: 60, imagesPerMicroBatch: 60, epochs: 4 },
    }
    const trained = await finetune(session, config, { ...HOOKS, stopAfterUpdates: 60 })
    session.free([trained.networks, trained.smoothing])
    const settings = (kind: 'certify' | 'pixel-dp') =>
      parseCertificationConfig({
        ...certificationOf(config, trained.checkpoint),
        output: join(folder, kind),
        certification: {
          ...{ n0: 100, n: 2000, alpha: ALPHA, batch: 500, images: { first: 5 } },
          procedure: { kind },
        },
      })
    const certified = await certify(session, settings('certify'))
    const small = await certify(session, settings('pixel-dp'))
    const found = await attack(session, settings('certify'), {
      ...{ starts: 2, steps: 10, noises: 8, rounds: 7, votes: 300 },
    })
    for (const { rows } of [certified, small]) {
      const gaps = pairWithAttacks(rows, found.log.rows)
      requireUnbroken(gaps, { chance: 2 * ALPHA })
      const both = gaps.filter(
        ({ certified: radius = 0, attacked }) => radius > 0 && Number.isFinite(attacked),
      )
      expect(both.length).toBeGreaterThan(1)
    }
    const { noiseAfter } = (certified.metadata?.configuration ?? {}) as { noiseAfter?: object }
    expect(noiseAfter).toEqual({ layer: '0', sensitivity: expect.any(Number) })

    const files = await writeImages(certified.rows.map(({ index }) => index))
    const predictions = await predict(session, { config: settings('certify') }, { files })
    using smoothed = await loadSmoothed(session, { config: settings('certify') })
    for (const [place, { prediction, radius, file }] of predictions.entries()) {
      const row = certified.rows[place]
      expect(prediction).toBe(row?.prediction)
      // Of other noise.
      expect(Math.abs(radius - (row?.radius ?? 0))).toBeLessThan(0.1)
      expect(await smoothed.predict(file)).toMatchObject({ prediction, radius })
    }
    const [file = ''] = files
    expect(await smoothed.pictures(file, { copies: 2 })).toEqual({
      ...{ image: expect.any(String), noisy: [], denoised: [] },
    })
  },
  TIMEOUT_MS,
)
