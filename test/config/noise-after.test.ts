import { describe, expect, it } from 'vitest'
import { parseCertificationConfig, parseUnknownConfig } from '../../src/config/schema'
import { kindRun } from '../support/every-kind'

/** The settings of a run with noise after the first layer, with one field another. */
function run(change: object): unknown {
  return { ...kindRun('layer-noise', 'runs/a', ''), ...change }
}

const smoothing = { sigma: 0.25, denoiser: { source: 'none' }, noiseAfter: 'first-layer' }
const method = { kind: 'pixel-dp' }

describe('noise after the first layer', () => {
  it('is what the method pixel-dp can be trained with', () => {
    expect(parseUnknownConfig(run({})).smoothing).toEqual(smoothing)
  })

  it.each([
    [{ method: { kind: 'gaussian' } }, /smoothing.noiseAfter.*expected none for the method gaussian/s],
    [
      { smoothing: { ...smoothing, denoiser: { source: 'diffusers', path: 'denoiser' } } },
      /smoothing.denoiser.source.*expected none with smoothing.noiseAfter/s,
    ],
    [{ compile: 'all' }, /compile.*expected none with smoothing.noiseAfter/s],
    [{ activationCheckpointing: true }, /activationCheckpointing.*expected false/s],
    [{ certification: { noise: 'uniform' } }, /certification.noise.*expected gaussian/s],
    [{ certification: { compile: true } }, /certification.compile.*expected false/s],
    [
      { certification: { procedure: { kind: 'aces', threshold: 0.5 } } },
      /certification.procedure.kind.*expected certify or pixel-dp/s,
    ],
    [
      { smoothing: { ...smoothing, noiseAfter: undefined }, method: { ...method, parsevalBeta: 0.01 } },
      /method.parsevalBeta.*expected smoothing.noiseAfter/s,
    ],
    [
      { smoothing: { ...smoothing, noiseAfter: undefined }, method: { ...method, parsevalLoops: 2 } },
      /method.parsevalLoops.*expected smoothing.noiseAfter/s,
    ],
  ])('refuses what it would ignore: %j', (change, message) => {
    expect(() => parseUnknownConfig(run(change))).toThrow(message)
  })

  it('refuses adapters, which leave the first layer as it is', () => {
    const classifier = { source: 'timm', path: 'weights' }
    expect(() =>
      parseUnknownConfig(run({ classifier, tuning: { kind: 'lora', rank: 2, alpha: 2 } })),
    ).toThrow(/tuning.kind.*expected full with smoothing.noiseAfter/s)
  })

  it('is certified for one classifier', () => {
    const settings = {
      ...{ smoothing, classifier: { source: 'timm', path: 'weights' }, data: { source: 'digits' } },
      ...{ output: 'runs/a', certification: {}, ensemble: { others: [{ path: 'other' }] } },
    }
    expect(() => parseCertificationConfig(settings as never)).toThrow(
      /ensemble.*expected none with smoothing.noiseAfter/s,
    )
  })
})
