import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataError, parseConfig, type Session, torch } from '../../src'
import { arms, type Experiment } from '../../src/experiments'
import { logPath, resolveArms } from '../../src/experiments/arms'
import { certifyArms, isCertified } from '../../src/experiments/certify-arms'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import { CLASSIFIER, connectForTest, DENOISER } from '../support/digits'
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
async function certified(certification: object, smoothing: object = {}, run: object = {}) {
  const experiment: Experiment = {
    ...objective,
    arms: () => [
      {
        ...arms.offTheShelf(),
        config: base =>
          parseConfig({
            ...{ ...base, ...run },
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

it('certifies an arm with noise after the first layer of its classifier', async () => {
  const smoothing = { denoiser: { source: 'none' }, noiseAfter: 'first-layer' }
  const { rows, metadata } = await certified({}, smoothing, { method: { kind: 'pixel-dp' } })
  expect(rows).toHaveLength(3)
  expect(metadata?.configuration).toMatchObject({
    noiseAfter: { layer: 'patch_embed.proj', sensitivity: expect.any(Number) },
  })
})

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

describe('a log of an arm', () => {
  /** The off-the-shelf classifier of a folder of the test, without a denoiser. */
  async function armOf(path: string) {
    const experiment: Experiment = {
      ...objective,
      arms: () => [
        {
          ...arms.offTheShelf(),
          config: base =>
            parseConfig({
              ...base,
              smoothing: { ...base.smoothing, denoiser: { source: 'none' } },
              classifier: { ...base.classifier, path },
            }),
        },
      ],
    }
    const [arm] = resolveArms(experiment, { scale: tinyScale(folder), output: folder })
    if (arm === undefined) throw new Error('no arm')
    return arm
  }
  const images = { seed: 0, indices: [0, 2] }

  it('is none of it where the weights at the same path are others', async () => {
    const path = join(folder, 'classifier')
    await cp(CLASSIFIER, path, { recursive: true })
    const arm = await armOf(path)
    expect(await isCertified(arm, images)).toBe(false)
    const lock = join(folder, 'locks', 'certify.lock')
    const certify = () => certifyArms(session, [arm], { denoiser: null, ...images, lock })
    await certify()
    expect(await isCertified(arm, images)).toBe(true)
    expect(await isCertified(arm, { ...images, indices: [0, 2, 3] })).toBe(false)
    const weights = join(path, 'model.safetensors')
    const bytes = await readFile(weights)
    bytes.writeUInt8((bytes.at(-2) ?? 0) ^ 1, bytes.length - 2)
    await writeFile(weights, bytes)
    expect(await isCertified(arm, images)).toBe(false)
    await expect(certify()).rejects.toThrow(/models\.classifier.*in the log.*now/)
  })

  it('that is damaged is an error', async () => {
    const arm = await armOf(CLASSIFIER)
    await mkdir(dirname(logPath(arm, 9)), { recursive: true })
    await writeFile(logPath(arm, 9), 'x\n')
    await expect(isCertified(arm, { ...images, seed: 9 })).rejects.toThrow(DataError)
  })
})
