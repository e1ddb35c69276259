import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Session } from '../../src'
import { diffusion } from '../../src/objectives/denoiser/diffusion'
import { toSymmetric } from '../../src/smoothing/denoise'
import { drawNoise } from '../../src/smoothing/smoothing'
import { Denoiser, generator, loadDenoiser, mul, openDataset, type Tensor } from '../../src/torch'
import { connectForTest, DENOISER } from '../support/digits'

const IMAGES = 6

let session: Session
beforeAll(async () => {
  session = await connectForTest()
})
afterAll(() => session?.close())

/** Predicts no noise, and keeps what it is given. */
class Probe extends Denoiser {
  seen: { readonly noisy: Tensor<'NCHW'>; readonly timestep: Tensor<'N'> } | undefined

  override predictNoise(noisy: Tensor<'NCHW'>, { timestep }: { timestep: number | Tensor<'N'> }) {
    this.seen = { noisy, timestep: timestep as Tensor<'N'> }
    return mul(noisy, 0)
  }
}

it('shows √ᾱ x + √(1 - ᾱ) ε at a random timestep of each image, and takes the mean squared error of ε', async () => {
  const { id, schedule } = await loadDenoiser(session, { source: 'diffusers', path: DENOISER })
  const network = new Probe(session, id, schedule)
  const networks = { denoiser: network } as never
  const prepared = await diffusion.prepare?.({ session, networks } as never)
  const digits = await openDataset(session, { source: 'digits', split: 'test' })
  const { clean, noise, seen, total, sums } = await session.compute(() => {
    const { images_BCHW } = digits.images(Array.from({ length: IMAGES }, (_, place) => place))
    const clean_BCHW = toSymmetric(images_BCHW)
    const noise_MBCHW = drawNoise(clean_BCHW, { noises: 1, generator: generator(session, 0, 'noise') })
    const given = { stream: generator(session, 0, 'timesteps') }
    const smoothing = { autocast: 'none' }
    const inputs = { networks, smoothing, prepared, clean_BCHW, noise_MBCHW, imagesPerUpdate: 2 * IMAGES }
    const { total, sums } = diffusion.loss(inputs as never, { kept: null, given })
    return {
      clean: clean_BCHW,
      noise: noise_MBCHW,
      seen: network.seen as NonNullable<Probe['seen']>,
      total,
      sums,
    }
  })
  const { steps, betaStart = Number.NaN, betaEnd = Number.NaN } = schedule
  const abar: number[] = []
  for (let t = 0; t < steps; t += 1) {
    abar.push((abar[t - 1] ?? 1) * (1 - (betaStart + ((betaEnd - betaStart) * t) / (steps - 1))))
  }
  expect(schedule.kind).toBe('linear')
  expect(new Set(seen.timestep).size).toBeGreaterThan(1)
  const numbers = (value: unknown) => [value].flat(5) as number[]
  let error = 0
  for (const [image, t] of seen.timestep.entries()) {
    const a = abar[t] ?? Number.NaN
    const [x, e, noisy] = [clean[image], noise[0]?.[image], seen.noisy[image]].map(numbers) as [
      number[],
      number[],
      number[],
    ]
    for (const [pixel, value] of noisy.entries()) {
      expect(value).toBeCloseTo(Math.sqrt(a) * (x[pixel] ?? 0) + Math.sqrt(1 - a) * (e[pixel] ?? 0), 5)
    }
    error += e.reduce((sum, value) => sum + value ** 2, 0) / e.length
  }
  expect(sums.noiseError).toBeCloseTo(error, 4)
  expect(total).toBeCloseTo(error / (2 * IMAGES), 4)
})
