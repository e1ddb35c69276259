import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CertificationConfigInput, certify, type Session, torch } from '../../src'
import { connectForTest } from '../support/digits'

/** With so small an α, not one of these certificates is false by chance. */
const ALPHA = 1e-6
const IMAGES = 12
/** The pixel that decides, and where the class changes, for pixels in [0, 1]. */
const PLACE = 27
const THRESHOLD = 0.53
/** Rounding to whole steps of 1/255 moves a pixel by at most half of one. */
const HALF_STEP = 0.5 / 255

let session: Session
let folder: string
let distances: readonly number[]
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-smallest-'))
  const testSet = await torch.openDataset(session, { source: 'digits', split: 'test' })
  const indices = Array.from({ length: IMAGES }, (_, index) => index)
  const images = await session.compute(() => testSet.images(indices).images_BCHW)
  session.free(testSet)
  distances = images.map(image => Math.abs((image.flat(2)[PLACE] ?? 0) - THRESHOLD))
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

/**
 * Noise is symmetric, so whichever it is, the smoothed class changes where that pixel is at the threshold: the smallest change of an image
 * moves it alone, and has one length in ℓ1 and ℓ2. The command `attack` refuses logs of ℓ1 and of whole steps, so this stands for it there.
 */
it.each<[string, CertificationConfigInput, number, number?]>([
  ['CERTIFY', {}, 0.75],
  ['a cascade', { procedure: { kind: 'cascade', sigmas: [0.4, 0.25] } }, 0.75, 0.4],
  ['ACES', { procedure: { kind: 'aces', threshold: 1 } }, 0.75],
  // Half of what is possible.
  ['PixelDP', { procedure: { kind: 'pixel-dp' } }, 0.2],
  ['CERTIFY in whole steps', { noise: 'discrete-gaussian' }, 0.75],
  ['CERTIFY with the randomised bound', { confidence: 'randomised' }, 0.75],
  ['CERTIFY in l1', { noise: 'uniform' }, 0.75],
  ['adaptive sampling in l1', { noise: 'uniform', adaptive: { maxRadiusLoss: 0.02 } }, 0.5],
  ['PixelDP in l1', { noise: 'laplace', procedure: { kind: 'pixel-dp' } }, 0.3],
])(
  '%s certifies less than the smallest change, and not much less',
  async (name, certification, share, sigma = 0.25) => {
    const { rows } = await certify(session, {
      output: join(folder, name),
      smoothing: { sigma, denoiser: { source: 'none' } },
      classifier: {
        source: 'python',
        ...{ file: join(__dirname, '..', 'support', 'linear_network.py'), factory: 'pixel' },
        arguments: { place: PLACE, threshold: 2 * THRESHOLD - 1 },
      },
      data: { source: 'digits' },
      certification: {
        ...{ n0: 64, n: 4000, alpha: ALPHA, batch: 1000, images: { first: IMAGES } },
        ...certification,
      },
    })
    const rounding = certification.noise === 'discrete-gaussian' ? HALF_STEP : 0
    const found = rows.map(({ index, radius }) => ({ radius, smallest: distances[index] ?? Number.NaN }))
    for (const { radius, smallest } of found) expect(radius).toBeLessThan(smallest + rounding)
    // Near a change most of the radius is lost to the votes.
    const far = found.filter(({ smallest }) => smallest > 0.2)
    expect(far.length).toBeGreaterThan(3)
    for (const { radius, smallest } of far) expect(radius).toBeGreaterThan(share * smallest)
  },
)
