import { ablations } from '../../config/ablations'
import { parseConfig, type RunConfig, requireMethod } from '../../config/schema'
import type { Experiment } from '../definition'
import { withLora } from '../scales'
import { at } from './arms'

const EPSILONS = [0.25, 0.5, 1]
const LAMBDAS = [1, 2, 4]
const LEARNING_RATES = [4e-4, 1e-3, 2.5e-3]
const LORA_LEARNING_RATES = [2e-3, 5e-3, 1e-2, 2e-2]

/** Uses the last 200 training images as validation set, without training on them: the basis for the settings of the digits. */
function onValidation(config: RunConfig): RunConfig {
  return parseConfig({
    ...config,
    data: { source: 'digits', heldOut: 'validation' },
  })
}

function withAttack(config: RunConfig, { epsilon, lambda }: { epsilon: number; lambda: number }): RunConfig {
  const { method } = requireMethod(config, 'ft-cadis')
  return onValidation({ ...config, method: { ...method, lambda, attack: { ...method.attack, epsilon } } })
}

/** Rates are compared at the attack of the preset, whichever is chosen. */
const PRESET_ATTACK = { epsilon: 0.5, lambda: 2 }

function withRate(config: RunConfig, learningRate: number): RunConfig {
  return withAttack({ ...config, optimisation: { ...config.optimisation, learningRate } }, PRESET_ATTACK)
}

/** Not in the paper: chooses settings that the paper leaves open at this scale. */
export const tuning: Experiment = {
  name: 'tuning',
  title: 'Settings of the digits, on validation images',
  source: 'no table of the paper',
  varies:
    'attack radius and λ at each noise level; learning rates of full fine-tuning, cross-entropy and LoRA',
  heldEqual: 'networks, the first 1,000 training images, epochs, M, seeds; the noise that is certified with',
  findings: [],
  sigma: 0.75,
  scales: ['digits'],
  arms: ({ sigmas, ablationSigma = 0.75 }) => [
    ...sigmas.flatMap(sigma =>
      EPSILONS.flatMap(epsilon =>
        LAMBDAS.map(lambda =>
          at(sigma, {
            key: `epsilon-${epsilon}-lambda-${lambda}`,
            label: `ε = ${epsilon}, λ = ${lambda}`,
            config: config => withAttack(config, { epsilon, lambda }),
          }),
        ),
      ),
    ),
    ...LEARNING_RATES.flatMap(rate => [
      at(ablationSigma, {
        key: `rate-${rate}`,
        label: `FT-CADIS, learning rate ${rate}`,
        config: config => withRate(config, rate),
      }),
      at(ablationSigma, {
        key: `cross-entropy-rate-${rate}`,
        label: `cross-entropy, learning rate ${rate}`,
        config: config => ablations.table5.crossEntropyOnly(withRate(config, rate)),
      }),
    ]),
    ...LORA_LEARNING_RATES.map(rate =>
      at(ablationSigma, {
        key: `lora-${rate}`,
        label: `LoRA, learning rate ${rate}`,
        config: config => withAttack(withLora(config, rate), PRESET_ATTACK),
      }),
    ),
  ],
  reference: 'epsilon-0.5-lambda-2',
}
