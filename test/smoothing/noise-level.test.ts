import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors'
import { alphasCumprod, betaSchedule, noiseLevel } from '../../src/smoothing/noise-level'
import fixture from '../fixtures/timesteps.json'

const TOLERANCE = 1e-9

function relativeError(actual: number | undefined, expected: number): number {
  return Math.abs((actual ?? Number.NaN) - expected) / Math.abs(expected)
}

describe.each(fixture.cases)('golden values of the reference: $name', expected => {
  const betasOf = () => betaSchedule(expected.noise_schedule as 'linear' | 'cosine', expected.num_timesteps)
  const diffusionOf = () => ({
    alphasCumprod: alphasCumprod(betasOf()),
    rescaleTimesteps: expected.rescale_timesteps,
  })

  it('alphas_cumprod and betas', () => {
    const [betas, diffusion] = [betasOf(), diffusionOf()]
    expect(diffusion.alphasCumprod).toHaveLength(expected.num_timesteps)
    expected.index.forEach((t, index) => {
      expect(
        relativeError(diffusion.alphasCumprod[t], expected.alphas_cumprod[index] as number),
      ).toBeLessThan(TOLERANCE)
      // The reference recomputes each beta from two cumulative products, which costs digits where it is small.
      expect(Math.abs((betas[t] as number) - (expected.betas[index] as number))).toBeLessThan(1e-12)
    })
  })

  it.each(expected.rows)('sigma $sigma', row => {
    const level = noiseLevel(row.sigma, diffusionOf())
    expect(level.sigma).toBe(row.sigma)
    expect(level.timestep).toBe(row.t_star)
    expect(level.modelTimestep).toBe(row.model_timestep_input)
    expect(relativeError(level.alphaCumprod, row.alpha_cumprod)).toBeLessThan(TOLERANCE)
    expect(relativeError(level.sqrtAlphaCumprod, row.sqrt_alpha_cumprod)).toBeLessThan(TOLERANCE)
    expect(relativeError(level.sqrtOneMinusAlphaCumprod, row.sqrt_one_minus_alpha_cumprod)).toBeLessThan(
      TOLERANCE,
    )
    expect(relativeError(level.realisedSigma, row.realised_sigma_image01)).toBeLessThan(TOLERANCE)
    expect(row.sigma_at_previous_t).toBeLessThan(2 * row.sigma)
  })

  it('names the largest sigma where a larger one is asked for', () => {
    const diffusion = diffusionOf()
    const largest = expected.max_sigma / 2
    const leading = String(largest).slice(0, 8)
    expect(noiseLevel(largest * (1 - 1e-9), diffusion).timestep).toBe(expected.num_timesteps - 1)
    expect(() => noiseLevel(largest * 1.001, diffusion)).toThrow(ConfigError)
    expect(() => noiseLevel(largest * 1.001, diffusion)).toThrow(`at most ${leading}`)
  })
})

describe('noiseLevel', () => {
  const linear = () => ({ alphasCumprod: alphasCumprod(betaSchedule('linear', 1000)) })

  it('hands the timestep to the denoiser as it is, unless the denoiser counts in thousandths', () => {
    // Two timesteps are as few as there may be.
    const level = noiseLevel(0.5, { alphasCumprod: [0.9, 0.5] })
    expect(level).toMatchObject({ timestep: 1, modelTimestep: 1 })
    const rescaled = noiseLevel(0.5, { alphasCumprod: [0.9, 0.5], rescaleTimesteps: true })
    expect(rescaled).toMatchObject({ timestep: 1, modelTimestep: 500 })
  })

  it('never adds less noise than asked for, and less one timestep earlier', () => {
    const diffusion = linear()
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 70, noNaN: true }), sigma => {
        const level = noiseLevel(sigma, diffusion)
        expect(level.realisedSigma).toBeGreaterThanOrEqual(sigma)
        const before = diffusion.alphasCumprod[level.timestep - 1] as number
        if (level.timestep > 1) expect(Math.sqrt((1 - before) / before) / 2).toBeLessThan(sigma)
      }),
    )
  })

  it('never answers timestep 0, however small sigma is', () => {
    expect(noiseLevel(1e-9, linear()).timestep).toBe(1)
  })

  it('never answers a timestep at which nothing of the image is left', () => {
    const toZero = { alphasCumprod: [0.9, 0.5, 0.2, 0] }
    expect(noiseLevel(1, toZero).timestep).toBe(2)
    expect(() => noiseLevel(1.001, toZero)).toThrow('at most 1,')
  })

  it.each([0, -0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses sigma %s', sigma => {
    expect(() => noiseLevel(sigma, linear())).toThrow(`sigma is ${sigma}`)
  })

  it.each([
    [[], /fewer than two/],
    [[0.9], /fewer than two/],
    [[0.9, 0.9], /\[1\] is 0.9/],
    [[0.9, 0.5, 0.7], /\[2\] is 0.7/],
    [[0.9, -0.1], /\[1\] is -0.1/],
    [[0.9, 0, 0], /\[2\] is 0/],
    [[1, 0.5], /\[0\] is 1/],
    [[0.9, Number.NaN], /\[1\] is NaN/],
  ])('refuses alphasCumprod %j', (alphas, message) => {
    expect(() => noiseLevel(0.01, { alphasCumprod: alphas })).toThrow(ConfigError)
    expect(() => noiseLevel(0.01, { alphasCumprod: alphas })).toThrow(message)
  })
})

describe('betaSchedule', () => {
  // alphas_cumprod[t] of DDPMScheduler in diffusers 0.42.1, whose own arithmetic is float32.
  it.each([
    ['linear', () => betaSchedule('linear', 1000), 500, 0.07779665291309357],
    ['linear', () => betaSchedule('linear', 1000), 998, 4.118194192415103e-5],
    [
      'scaled_linear',
      () => betaSchedule('scaled_linear', 1000, { betaStart: 0.00085, betaEnd: 0.012 }),
      500,
      0.27633246779441833,
    ],
    [
      'scaled_linear',
      () => betaSchedule('scaled_linear', 1000, { betaStart: 0.00085, betaEnd: 0.012 }),
      998,
      0.004716695751994848,
    ],
    ['cosine', () => betaSchedule('cosine', 200), 100, 0.4860524535179138],
    ['cosine', () => betaSchedule('cosine', 200), 198, 6.071798634366132e-5],
  ])('%s: the cumulative products of diffusers (%#)', (_, betas, t, expected) => {
    expect(relativeError(alphasCumprod(betas())[t], expected)).toBeLessThan(1e-4)
  })

  it('has two timesteps at least', () => {
    expect(betaSchedule('linear', 2, { betaStart: 0.25, betaEnd: 0.5 })).toEqual([0.25, 0.5])
  })

  it('stretches the linear schedule, so that its ends and its noise stay about the same', () => {
    expect(betaSchedule('linear', 4000)[0]).toBeCloseTo(2.5e-5, 15)
    expect(betaSchedule('linear', 4000).at(-1)).toBeCloseTo(5e-3, 15)
    expect(betaSchedule('linear', 1000, { betaStart: 0.001 })[0]).toBe(0.001)
  })

  it.each([1, 0, 10.5, Number.NaN])('refuses %s timesteps', steps => {
    expect(() => betaSchedule('cosine', steps)).toThrow(ConfigError)
    expect(() => betaSchedule('cosine', steps)).toThrow(`has ${steps} timesteps`)
  })
})
