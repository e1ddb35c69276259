import { parseConfig, type RunConfig } from '../../config/schema'
import type { Arm, Experiment } from '../definition'
import { withLora } from '../scales'

/** On the last 200 training images, which are not trained on here: how the settings of the digits were chosen. */
function onValidation(config: RunConfig): RunConfig {
  return parseConfig({
    ...config,
    data: { source: 'digits', heldOut: 'validation' },
  })
}

function withEpsilon(epsilon: number): Arm {
  return {
    key: `epsilon-${epsilon}`,
    label: `ε = ${epsilon}`,
    config: config =>
      onValidation({ ...config, method: { ...config.method, attack: { ...config.method.attack, epsilon } } }),
  }
}

function withLoraRate(rate: number): Arm {
  return {
    key: `lora-${rate}`,
    label: `LoRA, learning rate ${rate}`,
    config: config => onValidation(withLora(config, rate)),
  }
}

/** Not of the paper: the choice of what it leaves open at this scale. */
export const tuning: Experiment = {
  name: 'tuning',
  title: 'Settings of the digits, on validation images',
  source: 'no table of the paper',
  varies: 'learning rate of LoRA; attack radius',
  heldEqual:
    'networks, the first 1,000 training images, epochs, λ, M, seeds; the noise that is certified with',
  findings: [],
  sigma: 0.75,
  scales: ['digits'],
  arms: () => [...[2e-3, 5e-3].map(withLoraRate), ...[0.25, 0.5, 1].map(withEpsilon)],
  reference: 'epsilon-0.5',
}
