import { ablations } from '../../config/ablations'
import type { Experiment } from '../definition'

const TABLE = 'table14_cifar10_sigma0.50_lambda'

/** Table 14 and the left of Figure 7. */
export const lambda: Experiment = {
  name: 'lambda',
  title: 'The weight of the adversarial loss',
  source: 'Table 14, Figure 7',
  varies: 'λ',
  heldEqual:
    'networks, data, noise level, epochs, optimiser, M, attack, seeds; the noise that is certified with',
  findings: ['A larger λ trades accuracy at small radii for accuracy at large ones, and raises ACR.'],
  sigma: 0.5,
  isAblation: true,
  arms: () =>
    [0.5, 1, 2, 4, 8].map((value, row) => ({
      key: `lambda-${value}`,
      label: `λ = ${value}`,
      config: config => ablations.table14(config, value),
      paper: { table: TABLE, row },
    })),
  reference: 'lambda-2',
}
