import { ablations } from '../../config/ablations'
import type { Experiment } from '../definition'
import { keptSection } from '../training-section'
import { at, ftCadis } from './arms'

const TABLE = 'table6_cifar10_update_of_Dnh'

export const update: Experiment = {
  name: 'update',
  title: 'D_nh updated or fixed',
  source: 'Table 6, Figure 11',
  varies: 'whether the classifier that is trained, or the off-the-shelf one, judges what is hallucinated',
  heldEqual:
    'at each noise level networks, data, epochs, optimiser, λ, M, attack, seeds; the noise that is certified with',
  findings: [
    'Updating D_nh raises ACR at every noise level.',
    'The share of images with |D_nh| = M grows over training.',
  ],
  sigma: 0.5,
  isAblation: true,
  arms: ({ sigmas }) =>
    sigmas.flatMap((sigma, position) => [
      at(sigma, ftCadis(), { table: TABLE, row: 2 * position + 1 }),
      at(
        sigma,
        { key: 'fixed', label: 'D_nh fixed', config: ablations.table6.withoutUpdate },
        { table: TABLE, row: 2 * position },
      ),
    ]),
  reference: 'ft-cadis',
  sections: keptSection,
}
