import { describe, expect, it } from 'vitest'
import { ConfigError, presets } from '../../src'
import { parseUnknownConfig } from '../../src/config/schema'
import { shortened } from '../../src/config/shortened'
import { optimiserSchedule } from '../../src/training/hyperparameters'

const MNIST = { scale: 'mnist', sigma: 0.5, data: 'data', output: 'runs/x' } as const

describe('a shortened training', () => {
  it('has its epochs, drops and ramps divided, and nothing else', () => {
    const whole = presets.table1.smoothAdv(MNIST)
    expect(whole.optimisation).toMatchObject({ epochs: 90, schedule: { everyEpochs: 30, late: 1 } })
    const { method, optimisation, ...others } = shortened(whole, 5)
    const { method: _, optimisation: __, ...same } = whole
    expect(others).toEqual(same)
    expect(optimisation).toEqual({
      ...whole.optimisation,
      epochs: 18,
      schedule: { ...whole.optimisation.schedule, everyEpochs: 6 },
    })
    expect(method).toEqual({ ...whole.method, rampEpochs: 2 })
  })

  it('begins with the robustness loss of MACER when the learning rate drops, as the whole one does', () => {
    const whole = presets.table1.macer(MNIST)
    for (const config of [whole, ...[5, 15, 30].map(factor => shortened(whole, factor))]) {
      const { method, optimisation } = config
      const from = 'robustnessFromEpoch' in method ? (method.robustnessFromEpoch ?? 0) : 0
      const rate = (epochsDone: number) => optimiserSchedule(epochsDone, config).learningRate
      expect(rate(from)).toBeCloseTo(rate(from - 1) / 10)
      expect(optimisation.epochs).toBeGreaterThanOrEqual(from)
    }
  })

  it('has at least one epoch of each, and steps of different epochs', () => {
    expect(shortened(presets.table1.smoothAdv(MNIST), 1000)).toMatchObject({
      method: { rampEpochs: 1 },
      optimisation: { epochs: 1, schedule: { everyEpochs: 1 } },
    })
    const digits = presets.digits({ output: 'runs/x' })
    const attack = {
      ...digits.method.attack,
      epsilon: [
        { fromEpoch: 0, epsilon: 0.25 },
        { fromEpoch: 10, epsilon: 0.5 },
      ],
    }
    const stepped = parseUnknownConfig({ ...digits, method: { ...digits.method, attack } })
    expect(shortened(stepped, 2).method).toMatchObject({
      attack: { epsilon: [{ fromEpoch: 0 }, { fromEpoch: 5 }] },
    })
    const close = [
      { fromEpoch: 0, epsilon: 0.25 },
      { fromEpoch: 1, epsilon: 0.3 },
      { fromEpoch: 2, epsilon: 0.5 },
    ]
    const crowded = parseUnknownConfig({
      ...digits,
      method: { ...digits.method, attack: { ...attack, epsilon: close } },
    })
    expect(() => shortened(crowded, 10)).toThrow(ConfigError)
  })
})
