import type { Experiment } from '../definition'
import { denoisedRowsOfTable1, envelopeOf } from '../derived-tables'
import { at, ftCadis } from './arms'

/** Tables 1 and 11, Figure 10. */
export const main: Experiment = {
  name: 'main',
  title: 'FT-CADIS at each noise level',
  source: 'Tables 1 and 11, Figure 10',
  varies: 'σ',
  heldEqual: 'networks, data, epochs, seeds',
  findings: ['A larger σ gives up accuracy at small radii for certificates at large ones.'],
  sigma: 0.5,
  arms: ({ sigmas, name }) =>
    sigmas.map((sigma, row) =>
      at(sigma, ftCadis(), {
        table: name === 'imagenet' ? 'table11_imagenet_by_sigma' : 'table11_cifar10_by_sigma',
        row,
      }),
    ),
  reference: 'ft-cadis',
  tables: outcome => [
    envelopeOf(outcome, [{ label: 'FT-CADIS', key: 'ft-cadis' }]),
    denoisedRowsOfTable1(outcome.scale),
  ],
}
