import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { attack, certify, finetune, type Session } from '../../src'
import { openSmoothed } from '../../src/certification/prediction/open-smoothed'
import { certificationOf, parseCertificationConfig } from '../../src/config/schema'
import { pairWithAttacks, requireUnbroken } from '../../src/internal'
import { connectForTest } from '../support/digits'
import { HOOKS, kindRun } from '../support/every-kind'

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
    const example = () => {
      throw new Error('loads something')
    }
    await expect(openSmoothed(session, { config: settings('certify') }, { example })).rejects.toThrow(
      'A prediction puts the noise on the image',
    )
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
  },
  TIMEOUT_MS,
)
