import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { arms, type Experiment, parseConfig, type Session, torch } from '../../src'
import { logPath, resolveArms } from '../../src/experiments/arms'
import { certifyArms } from '../../src/experiments/certify-arms'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import { connectForTest, DENOISER } from '../support/digits'
import { objective, tinyScale } from '../support/tiny-experiment'

let session: Session
let folder: string
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-certify-arms-'))
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

/** The off-the-shelf classifier, certified in one way. */
async function certified(certification: object, smoothing: object = {}) {
  const experiment: Experiment = {
    ...objective,
    arms: () => [
      {
        ...arms.offTheShelf(),
        config: base =>
          parseConfig({
            ...base,
            smoothing: { ...base.smoothing, ...smoothing },
            certification: { ...base.certification, ...certification },
          }),
      },
    ],
  }
  const [arm] = resolveArms(experiment, { scale: tinyScale(folder), output: folder })
  if (arm === undefined) throw new Error('no arm')
  const denoiser =
    arm.config.smoothing.denoiser.source === 'none'
      ? null
      : await torch.loadDenoiser(session, { source: 'diffusers', path: DENOISER })
  const lock = join(folder, 'locks', 'certify.lock')
  await certifyArms(session, [arm], { denoiser, seed: 3, indices: [0, 2, 3], lock })
  session.free(denoiser)
  return readCertificationLog(logPath(arm, 3))
}

it('certifies arms by every setting of their certification', async () => {
  const { rows, metadata } = await certified({
    ...{ adaptive: { radii: [0, 0.25] }, familyWise: true, autocast: 'bfloat16', channelsLast: true },
    ...{ dtype: 'float64', radiusSigma: 'min', tf32: true, n: 256, alpha: 0.03 },
  })
  expect(metadata?.configuration).toMatchObject({
    ...{
      alpha: 0.01,
      familyWise: { alpha: 0.03, images: 3 },
      radiusSigma: 'min',
      n0: 16,
      n: 256,
      seed: 3,
    },
    procedure: { kind: 'grid', radii: [0, 0.25] },
    arithmetic: {
      ...{ dtype: 'float64', denoiserDtype: 'float32', autocast: 'bfloat16', tf32: true, channelsLast: true },
      compile: false,
    },
  })
  expect(rows.map(({ index }) => index)).toEqual([0, 2, 3])
  for (const { finding, evidence } of rows) {
    expect(['certified-at', 'abstains']).toContain(finding.kind)
    expect(evidence?.looks?.length).toBeGreaterThan(0)
  }
  expect(new Set(rows.map(({ evidence }) => evidence?.n)).size).toBeGreaterThan(1)
})

it('certifies arms without a denoiser, each certification into its own log', async () => {
  const { file, metadata } = await certified({}, { denoiser: { source: 'none' } })
  expect(metadata?.configuration).toMatchObject({ realisedSigma: null, procedure: { kind: 'certify' } })
  const sized = await certified({ adaptive: { maxRadiusLoss: 0.1 } }, { denoiser: { source: 'none' } })
  expect(sized.metadata?.configuration.procedure).toMatchObject({ kind: 'sized', maxRadiusLoss: 0.1 })
  expect(sized.file).not.toBe(file)
})
