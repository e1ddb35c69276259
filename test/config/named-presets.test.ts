import { describe, expect, it } from 'vitest'
import { ConfigError, presets } from '../../src'
import { NAMED_PRESETS, namedPreset, PRESET_NAMES } from '../../src/config/named-presets'
import { cachedPath } from '../../src/config/published-weights'

const paths = { data: 'data', denoiser: 'denoiser', output: 'out' }

describe('a preset by its name', () => {
  it('is the function of that name', () => {
    expect(namedPreset('digits').config({ sigma: 0.5, output: 'out' })).toEqual(
      presets.digits({ sigma: 0.5, output: 'out' }),
    )
    expect(namedPreset('cifar10').config({ sigma: 0.25, ...paths })).toEqual(
      presets.cifar10({ sigma: 0.25, ...paths }),
    )
    for (const tuning of ['lora', 'full'] as const) {
      expect(namedPreset(`imagenet.${tuning}`).config({ sigma: 1, ...paths })).toEqual(
        presets.imagenet({ sigma: 1, tuning, ...paths }),
      )
    }
  })

  it('has the names of earlier versions too', () => {
    expect(namedPreset('imagenet')).toBe(namedPreset('imagenet.lora'))
    expect(PRESET_NAMES).toEqual([...NAMED_PRESETS.map(({ name }) => name), 'imagenet'])
  })

  it('takes the values that another σ leaves open', () => {
    const values = { baseLearningRate: 1e-3, lambda: 3, epsilon: 0.5 }
    expect(namedPreset('cifar10').config({ sigma: 0.3, ...values, ...paths }).method).toMatchObject({
      lambda: 3,
      attack: { epsilon: 0.5 },
    })
  })

  it.each(['digitz', 'constructor', ''])('is refused where there is none: %j', name => {
    expect(() => namedPreset(name)).toThrow(ConfigError)
    expect(() => namedPreset(name)).toThrow(/expected one of digits, cifar10, imagenet\.lora/)
  })

  it('names the inputs that it lacks', () => {
    expect(() => namedPreset('cifar10').config({ sigma: 0.5, output: 'out' })).toThrow(
      /^The preset cifar10 is missing data\. Give it; .*--data/,
    )
  })

  it.each([
    ['cifar10', 'cifar10_uncond_50M_500K.pt'],
    ['imagenet.lora', '256x256_diffusion_uncond.pt'],
  ])('%s takes its denoiser from where fetch puts it', (name, file) => {
    const config = namedPreset(name).config({ sigma: 0.5, data: 'data', output: 'out' })
    expect(config.smoothing.denoiser).toMatchObject({ path: cachedPath({ file }) })
  })
})
