import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseCertificationConfig, type Session, torch } from '../../src'
import { certifyDataset } from '../../src/certification/certify-dataset'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import { radiusOf } from '../../src/logs/outcome'
import { toSymmetric } from '../../src/smoothing/denoise'
import { type FirstLayerFront, firstLayerSmoothing } from '../../src/smoothing/first-layer'
import type { Smoothing } from '../../src/smoothing/smoothing'
import { connectForTest } from '../support/digits'

const SIGMA = 0.25
const THRESHOLD = -3
const IMAGES = [0, 1, 2, 3, 4, 5, 6, 7]

describe('noise after the first layer', () => {
  let session: Session
  let folder: string
  let dataset: Awaited<ReturnType<typeof torch.openDataset>>
  let classifier: Awaited<ReturnType<typeof torch.loadClassifier>>
  let smoothing: Smoothing & { readonly front: FirstLayerFront }
  /** How far each image is from the plane, in ℓ2, for pixels in [0, 1]. */
  let distances: readonly number[]

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-first-layer-'))
    dataset = await torch.openDataset(session, { source: 'digits', split: 'test' })
    classifier = await torch.loadClassifier(session, {
      ...{ source: 'python', file: join(__dirname, '..', 'support', 'linear_network.py'), factory: 'plane' },
      arguments: { threshold: THRESHOLD },
    })
    smoothing = await firstLayerSmoothing(session, classifier, {
      ...{ sigma: SIGMA, imageShape: dataset.description.imageShape, sensitivity: 'fixed' },
      example: () => torch.select(dataset.images([0]).images_BCHW, 'B', 0),
    })
    const { sums } = await session.compute(() => ({
      sums: torch.sum(torch.flatten(toSymmetric(dataset.images(IMAGES).images_BCHW), 'CHW', 'P'), 'P'),
    }))
    // The direction is a vector of length 1, and images in [-1, 1] are twice as long.
    distances = sums.map(sum => Math.abs(sum / 8 - THRESHOLD) / 2)
  })
  afterAll(async () => {
    await session?.close()
    await rm(folder, { recursive: true })
  })

  async function radii(
    name: string,
    { kind, claimed }: { readonly kind: 'certify' | 'pixel-dp'; readonly claimed: number },
  ): Promise<readonly number[]> {
    const { front } = smoothing
    const log = join(folder, `${name}.tsv`)
    const { certification } = parseCertificationConfig({
      ...{ output: folder, data: { source: 'digits' }, classifier: { source: 'timm', path: 'weights' } },
      smoothing: { sigma: SIGMA, denoiser: { source: 'none' } },
      certification: { procedure: { kind }, n0: 100, n: 20_000, alpha: 1e-4, batch: 1000 },
    })
    await certifyDataset(
      {
        smoothing: { ...smoothing, front: { ...front, sensitivity: (front.sensitivity ?? 0) * claimed } },
        ...{ dataset, arms: [{ classifier, log, name }] },
      },
      { certification, indices: IMAGES },
    )
    const { rows } = await readCertificationLog(log)
    return rows.map(({ finding }) => radiusOf(finding))
  }

  it('is as large as the sensitivity of the layer asks for', async () => {
    expect(smoothing.front).toMatchObject({ kind: 'first-layer', layer: 'layer' })
    expect(smoothing.front.sensitivity).toBeCloseTo(3, 6)
    expect(smoothing.front.sensitivity).toBeGreaterThan(3)
  })

  it.each([
    ['certify', 1.25],
    ['pixel-dp', 20],
  ] as const)(
    '%s states no radius that is not true, and false ones where the sensitivity is understated',
    async (kind, factor) => {
      const sound = await radii(`sound-${kind}`, { kind, claimed: 1 })
      for (const [image, radius] of sound.entries()) expect(radius).toBeLessThan(distances[image] ?? 0)
      expect(sound.filter(radius => radius > 0.02).length).toBeGreaterThan(3)
      const understated = await radii(`understated-${kind}`, { kind, claimed: 1 / factor })
      expect(understated.filter((radius, image) => radius >= (distances[image] ?? 0)).length).toBeGreaterThan(
        1,
      )
    },
  )

  it('comes near to the true radius', async () => {
    const found = await radii('near', { kind: 'certify', claimed: 1 })
    for (const [image, radius] of found.entries()) {
      const distance = distances[image] ?? 0
      if (distance > 0.05 && distance < 2 * SIGMA) expect(radius).toBeGreaterThan(0.75 * distance)
    }
  })

  it('is one classifier’s alone', async () => {
    const other = classifier.frozenCopy()
    const certified = certifyDataset(
      { smoothing, dataset, arms: [{ classifier: other, log: join(folder, 'other.tsv'), name: 'other' }] },
      {
        certification: parseCertificationConfig({
          ...{ output: folder, data: { source: 'digits' }, classifier: { source: 'timm', path: 'weights' } },
          ...{ smoothing: { sigma: SIGMA, denoiser: { source: 'none' } }, certification: { n: 1000 } },
        }).certification,
        indices: [0],
      },
    )
    await expect(certified).rejects.toThrow(/first layer of one classifier/)
  })
})
