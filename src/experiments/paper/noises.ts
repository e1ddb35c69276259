import { ablations } from '../../config/ablations'
import type { Experiment } from '../definition'

const TABLE = 'table15_cifar10_sigma0.50_M'

/** Table 15 and the right of Figure 7. */
export const noises: Experiment = {
  name: 'noises',
  title: 'The number of noises of an image',
  source: 'Table 15, Figure 7',
  varies: 'M',
  heldEqual:
    'networks, data, noise level, epochs, images of an update, optimiser, λ, attack, seeds; the noise that is certified with',
  findings: ['A larger M trades accuracy at small radii for accuracy at large ones, and raises ACR.'],
  sigma: 0.5,
  isAblation: true,
  arms: () =>
    [1, 2, 4, 8].map((value, row) => ({
      key: `noises-${value}`,
      label: `M = ${value}`,
      config: config => ablations.table15(config, value),
      paper: { table: TABLE, row },
    })),
  reference: 'noises-4',
}
