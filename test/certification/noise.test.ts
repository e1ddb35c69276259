import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type CertificationConfigInput,
  certify,
  type Session,
  smoothingOf,
  torch,
  toSymmetric,
} from '../../src'
import { planAttack } from '../../src/attack/plan-attack'
import { requireGaussian } from '../../src/certification/guarantee'
import { drawnNoise } from '../../src/certification/noise'
import { requireCertifiable } from '../../src/certification/require-certifiable'
import { certificationSchema } from '../../src/config/certification-schema'
import { parseCertificationConfig } from '../../src/config/schema'
import { noiseLevelOf } from '../../src/smoothing/denoise'
import { seen } from '../../src/smoothing/smoothing'
import { discreteGaussian } from '../../src/statistics/discrete-gaussian'
import { verifyLog } from '../../src/verify/verify-log'
import { CLASSIFIER, connectForTest, DENOISER, loadDigits } from '../support/digits'

const IMAGES = 3
let session: Session
let folder: string
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-noise-'))
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

const settings = (certification: CertificationConfigInput) =>
  parseCertificationConfig({
    output: folder,
    smoothing: { sigma: 0.25, denoiser: { source: 'diffusers', path: DENOISER } },
    classifier: { source: 'timm', path: CLASSIFIER },
    data: { source: 'digits' },
    certification: { n0: 16, n: 200, batch: 100, images: { first: IMAGES }, ...certification },
  })

describe('a certification with other noise', () => {
  it.each([
    ['discrete-gaussian', 'l2'],
    ['uniform', 'l1'],
  ] as const)(
    '%s leaves a log in %s that can be verified, has the same rows in other passes, and is not attacked',
    async (noise, norm) => {
      const config = settings({ noise })
      const log = join(folder, `${noise}.tsv`)
      const { rows, metadata } = await certify(session, config, { log })
      expect(metadata?.configuration).toMatchObject({ bound: noise, norm })
      expect(rows.filter(({ radius }) => radius > 0).length).toBeGreaterThan(0)
      const found = verifyLog(await readFile(log, 'utf8'), JSON.parse(await readFile(`${log}.json`, 'utf8')))
      expect(found).toMatchObject({ rows: IMAGES, errors: [] })
      const other = await certify(session, settings({ noise, images: { indices: [2] } }), {
        log: join(folder, `${noise}-one.tsv`),
      })
      const of2 = (of: typeof rows) => of.filter(({ index }) => index === 2).map(({ evidence }) => evidence)
      expect(of2(other.rows)).toEqual(of2(rows))
      await expect(planAttack(settings({}), { certificates: log })).rejects.toThrow(/--sound|radii of l1/)
      await expect(planAttack(config, { certificates: log })).rejects.toThrow(
        /An attack draws Gaussian noise/,
      )
    },
  )
})

describe('the votes of a certification', () => {
  const SIGMA = 0.75
  it.each(['discrete-gaussian', 'uniform', 'laplace'] as const)(
    'are on copies of their own noise, scaled as the denoiser takes them: %s',
    async noise => {
      const procedure = { kind: noise === 'laplace' ? ('pixel-dp' as const) : ('certify' as const) }
      const config = {
        ...settings({ noise, procedure }),
        smoothing: { ...settings({}).smoothing, sigma: SIGMA },
      }
      const { rows } = await certify(session, config, { log: join(folder, `${noise}-votes.tsv`) })
      const { denoiser, classifier, testSet } = await loadDigits(session)
      const smoothing = smoothingOf(denoiser, SIGMA)
      const { sqrtAlphaCumprod, sqrtOneMinusAlphaCumprod } = noiseLevelOf(denoiser, SIGMA)
      for (const { index, evidence } of rows) {
        const { logits } = await session.compute(() => {
          const images_SCHW = torch.stackTensors(
            [toSymmetric(torch.select(testSet.images([index]).images_BCHW, 'B', 0))],
            { as: 'S' },
          )
          const run = { image: 0, name: [0, 'certify', index, 'estimation'], start: 0, count: 200 }
          const runs = torch.copyRuns(session, [run], { size: 200, block: 16 })
          const steps = { table: torch.stepNoise(session, discreteGaussian(SIGMA).thresholds), steps: 255 }
          const drawn_NCHW =
            noise === 'laplace'
              ? torch.laplaceOfRuns(images_SCHW, runs, { scale: Math.SQRT1_2 })
              : torch.uniformOfRuns(images_SCHW, runs, { halfWidth: Math.sqrt(3) })
          const noisy_NCHW =
            noise !== 'discrete-gaussian'
              ? torch.add(
                  torch.mul(torch.imagesOfRuns(images_SCHW, runs), sqrtAlphaCumprod),
                  torch.mul(drawn_NCHW, sqrtOneMinusAlphaCumprod),
                )
              : torch.mul(torch.steppedOfRuns(images_SCHW, runs, steps), sqrtAlphaCumprod)
          return torch.noGrad(session, () => ({ logits: classifier.classify(seen(smoothing, noisy_NCHW)) }))
        })
        const votes = logits.filter(row => row.indexOf(Math.max(...row)) === evidence?.candidate).length
        // Of passes of other sizes networks round otherwise.
        expect(Math.abs(votes - (evidence?.candidateCount ?? 0))).toBeLessThanOrEqual(2)
      }
      expect(rows.some(({ evidence }) => (evidence?.candidateCount ?? 200) < 190)).toBe(true)
      session.free([denoiser, classifier, testSet])
    },
  )
})

describe('the noise of the settings', () => {
  const certification = certificationSchema.parse({ noise: 'discrete-gaussian', n: 1000 })
  const options = { smoothing: { realisedSigma: 0.25 }, values: 64 }

  it('takes the error of all draws off alpha', () => {
    const guarantee = { alpha: 0.001, certifiedSigma: 0.25 }
    const { alpha, logged } = drawnNoise(certification, { ...options, guarantee })
    const { drawError } = logged.sound as { drawError: number }
    expect(drawError).toBeGreaterThanOrEqual((1000 * 64 * 1162) / 2 ** 64)
    expect(alpha).toBeLessThan(0.001)
    expect(alpha + drawError).toBeLessThanOrEqual(0.001)
    expect(() =>
      drawnNoise(certification, { ...options, guarantee: { ...guarantee, alpha: 1e-12 } }),
    ).toThrow(/leaves less than half of alpha/)
  })

  it('in whole steps is refused with adaptive votes, and anywhere but in certification', () => {
    const adaptive = { ...certification, adaptive: { radii: [0, 0.25] } }
    expect(() => requireCertifiable(adaptive, { sigma: 0.25, images: 1 })).toThrow(
      /certification\.adaptive: expected none for the noise discrete-gaussian \(--sound\)/,
    )
    expect(() => requireGaussian('A file of soft labels', certification)).toThrow(
      /got certification.noise discrete/,
    )
  })
})
