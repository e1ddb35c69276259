import { parseConfig } from '../../src'
import { arms, type Experiment, makeScale, type Scale } from '../../src/experiments'
import { requireMethod } from '../../src/internal'

/** The digits with three updates of 400 images and few votes. */
export function tinyScale(output: string): Scale {
  const digits = makeScale('digits', { output })
  return {
    ...digits,
    base: (sigma, options) => {
      const config = digits.base(sigma, options)
      const { method } = requireMethod(config, 'ft-cadis')
      return parseConfig({
        ...config,
        method: { ...method, noises: 1, attack: { ...method.attack, steps: 1 } },
        optimisation: { ...config.optimisation, epochs: 1, warmupEpochs: 0, imagesPerUpdate: 400 },
        certification: { ...config.certification, n0: 16, n: 64, images: { first: 4 } },
      })
    },
  }
}

/** Two trained arms, and the classifier that they start from. */
export const objective: Experiment = {
  ...{
    name: 'first',
    title: 'First',
    source: 'Table 5',
    varies: 'the loss',
    heldEqual: 'all else',
    findings: [],
  },
  sigma: 0.5,
  arms: () => [
    arms.ftCadis({ table: 'table5_cifar10_sigma1.00_objective', row: 0 }),
    arms.crossEntropy(),
    arms.offTheShelf(),
  ],
  reference: 'ft-cadis',
}
