import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig, presets, type RunConfigInput } from '../../src'

const preset = presets.digits({ output: 'run' })
const { minLearningRate: _, betas: __, ...others } = preset.optimisation
const parse = (changes: object) =>
  parseConfig({ ...preset, optimisation: { ...others, ...changes } } as RunConfigInput).optimisation

describe('the optimizer of a run', () => {
  it('is AdamW under a cosine where nothing else is said, and matrices decay', () => {
    expect(parse({})).toMatchObject({
      ...{ optimizer: { kind: 'adamw' }, schedule: { kind: 'cosine' }, decays: 'matrices' },
    })
  })

  it('may be SGD with steps, on everything', () => {
    const settings = {
      ...{ optimizer: { kind: 'sgd' }, decays: 'all' },
      schedule: { kind: 'steps', everyEpochs: 50, late: 1 },
    }
    const parsed = parse(settings)
    expect(parsed).toMatchObject({
      optimizer: { kind: 'sgd', momentum: 0.9 },
      schedule: { kind: 'steps', everyEpochs: 50, factor: 0.1, late: 1 },
    })
    // What comes out goes in again.
    expect(parse(parsed)).toEqual(parsed)
  })

  it.each([
    [
      { optimizer: { kind: 'sgd' }, betas: [0.9, 0.95] },
      'optimisation.betas: expected none for the optimizer sgd, which has a momentum, got 0.9, 0.95',
    ],
    [
      { schedule: { kind: 'steps', everyEpochs: 2 }, minLearningRate: 1e-5 },
      'optimisation.minLearningRate: expected none for the schedule steps, which does not end in it, got 0.00001',
    ],
    [
      { schedule: { kind: 'steps', everyEpochs: 2, late: -2 } },
      'optimisation.schedule.late: expected a first drop after the first epoch, got one of epoch 0',
    ],
    [
      {
        schedule: {
          kind: 'listed',
          steps: [
            { fromEpoch: 3, factor: 0.1 },
            { fromEpoch: 3, factor: 0.01 },
          ],
        },
      },
      'expected epochs in ascending order',
    ],
  ])('is refused where a choice would be ignored: %j', (changes, message) => {
    expect(() => parse(changes)).toThrow(ConfigError)
    expect(() => parse(changes)).toThrow(message)
  })
})
