import { ablations } from '../../config/ablations'
import type { Experiment } from '../definition'
import { ftCadis } from './arms'

const TABLE = 'table7_cifar10_sigma0.50_madv'

export const adversarial: Experiment = {
  name: 'adversarial',
  title: 'The design of the adversarial loss',
  source: 'Table 7',
  varies: 'target of the adversarial loss: mean prediction or label; max or mean over the noises of an image',
  heldEqual:
    'networks, data, noise level, epochs, optimiser, λ, M, attack, seeds; the noise that is certified with',
  findings: ['The maximum over the noises and the soft target raise ACR.'],
  sigma: 0.5,
  isAblation: true,
  arms: () => [
    ftCadis({ table: TABLE, row: 3 }),
    {
      key: 'hard-target',
      label: '(a) max, label as target',
      config: ablations.table7.hardTarget,
      paper: { table: TABLE, row: 0 },
    },
    {
      key: 'mean',
      label: '(b) mean, soft target',
      config: ablations.table7.meanOverNoises,
      paper: { table: TABLE, row: 1 },
    },
    {
      key: 'hard-target-mean',
      label: '(c) mean, label as target',
      config: ablations.table7.hardTargetMeanOverNoises,
      paper: { table: TABLE, row: 2 },
    },
  ],
  reference: 'ft-cadis',
}
