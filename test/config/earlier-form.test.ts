import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { presets } from '../../src/config/presets'
import { parseCertificationConfig, parseConfig, parseStoredConfig } from '../../src/config/schema'

/** What version 0.1.0 wrote. */
const EARLIER = join(__dirname, '..', 'support', 'earlier-run')
const read = (...path: string[]) => JSON.parse(readFileSync(join(EARLIER, ...path), 'utf8'))

const SMOOTHING = {
  sigma: 0.75,
  denoiser: { source: 'diffusers', path: '/assets/digits/denoiser', dtype: 'float32' },
}

/** The section of certification as it is named today. */
function renamed({ certifySigma, ...others }: { readonly certifySigma: 'nominal' | 'smaller' }) {
  return { ...others, radiusSigma: certifySigma === 'smaller' ? 'min' : certifySigma }
}

describe('the configuration of an earlier run', () => {
  const { config } = read('config.json')

  it('is the same as in the form of today', () => {
    const { denoiser, method, ...others } = config
    const { sigma, ...settings } = method
    expect({ sigma, denoiser }).toEqual(SMOOTHING)
    const today = {
      ...others,
      smoothing: SMOOTHING,
      method: { kind: 'ft-cadis', ...settings },
      certification: renamed(others.certification),
    }
    expect(parseConfig(config)).toEqual(parseConfig(today))
    expect(parseStoredConfig(config)).toEqual(parseConfig(today))
    const digits = presets.digits({ denoiser: 'd', classifier: 'c', output: 'o' })
    expect(Object.keys(parseConfig(config)).sort()).toEqual(Object.keys(digits).sort())
    expect(parseConfig(config).method).toEqual(digits.method)
  })

  it('is refused by the names of today', () => {
    const without = (section: object) => () => parseConfig({ ...config, ...section })
    expect(without({ method: { ...config.method, sigma: -1 } })).toThrow(
      'smoothing.sigma: expected more than 0, got -1.',
    )
    expect(without({ denoiser: undefined })).toThrow('smoothing.denoiser: expected an object, got nothing.')
    const { sigma: _, ...method } = config.method
    expect(without({ method })).toThrow('smoothing.sigma: expected a number, got nothing.')
  })

  it('is not mixed with the form of today', () => {
    expect(() => parseConfig({ ...config, smoothing: SMOOTHING })).toThrow(
      / {2}method\.sigma: unknown, expected no such field\.\n {2}certification\.certifySigma: .*\n {2}denoiser: unknown, expected no such field\./,
    )
  })
})

describe('the configuration of an earlier certification', () => {
  const { config } = read('checkpoints', 'epoch-03', 'smoothed.json')
  const run = { ...config, output: 'runs/certified' }

  it('is the same as in the form of today', () => {
    const { denoiser, certification, ...others } = run
    const { sigma, ...settings } = certification
    expect({ sigma, denoiser }).toEqual(SMOOTHING)
    const today = { ...others, smoothing: SMOOTHING, certification: renamed(settings) }
    expect(parseCertificationConfig(run)).toEqual(parseCertificationConfig(today))
    expect(parseCertificationConfig(run)).toMatchObject({ smoothing: SMOOTHING, checkpoint: '.' })
    expect(parseCertificationConfig(run).certification).not.toHaveProperty('sigma')
  })

  it('may have had a smaller sigma in the radius', () => {
    const smaller = { ...run, certification: { ...run.certification, certifySigma: 'smaller' } }
    expect(parseCertificationConfig(smaller).certification.radiusSigma).toBe('min')
  })

  it('may have had no denoiser', () => {
    const none = { source: 'none' }
    expect(parseCertificationConfig({ ...run, denoiser: none }).smoothing).toEqual({
      sigma: 0.75,
      denoiser: none,
    })
  })

  it('is not mixed with the form of today', () => {
    const { denoiser: _, ...mixed } = run
    expect(() => parseCertificationConfig({ ...mixed, smoothing: SMOOTHING })).toThrow(
      'certification.sigma: unknown, expected no such field.',
    )
  })
})

describe('compileDenoiser, which is compile today', () => {
  const digits = presets.digits({ denoiser: 'd', classifier: 'c', output: 'o' })
  const { compile: _, ...others } = digits

  it.each([
    [true, 'denoiser'],
    [false, 'none'],
  ] as const)('%s is read as %s', (compileDenoiser, compile) => {
    expect(parseStoredConfig({ ...others, compileDenoiser })).toEqual({ ...digits, compile })
  })

  it('is refused beside compile, and where it is neither yes nor no', () => {
    const refused = 'compileDenoiser: unknown, expected no such field.'
    expect(() => parseStoredConfig({ ...digits, compileDenoiser: true })).toThrow(refused)
    expect(() => parseStoredConfig({ ...others, compileDenoiser: 'all' })).toThrow(refused)
  })
})
