import { ablations } from '../../config/ablations'
import type { Experiment } from '../definition'
import { crossEntropy, ftCadis } from './arms'

const TABLE = 'table5_cifar10_sigma1.00_objective'

export const objective: Experiment = {
  name: 'objective',
  title: 'The parts of the objective',
  source: 'Table 5',
  varies: 'what the loss is made of',
  heldEqual:
    'networks, data, noise level, epochs, optimiser, λ, M, attack, seeds; the noise that is certified with',
  findings: [
    'FT-CADIS has a higher ACR than cross-entropy alone.',
    'Selection in the cross-entropy raises ACR and lowers clean accuracy.',
    'Without the mask of the adversarial loss training collapses.',
  ],
  sigma: 1,
  isAblation: true,
  arms: () => [
    ftCadis({ table: TABLE, row: 0 }),
    {
      key: 'without-selection',
      label: 'no selection in SCE',
      config: ablations.table5.withoutSelection,
      paper: { table: TABLE, row: 1 },
    },
    {
      key: 'without-mask',
      label: 'no mask in MAdv',
      config: ablations.table5.withoutMask,
      paper: { table: TABLE, row: 2 },
    },
    crossEntropy({ table: TABLE, row: 3 }),
  ],
  reference: 'ft-cadis',
}
