import type { Experiment } from '../definition'
import { linfTable } from '../derived-tables'
import { crossEntropy, ftCadis, offTheShelf } from './arms'

const TABLE = 'table18_cifar10_linf'

export const linf: Experiment = {
  name: 'linf',
  title: 'Robustness in ℓ∞ that follows from the ℓ2 certificates',
  source: 'Table 18',
  varies:
    'how the classifier behind the denoiser is fine-tuned: not, with cross-entropy (Eq. 6), with FT-CADIS',
  heldEqual: 'networks, data, noise level, epochs, optimiser, M, seeds; the noise that is certified with',
  findings: ['FT-CADIS has the highest certified accuracy at an ℓ∞ radius of 2/255.'],
  sigma: 0.25,
  arms: ({ sigmas: [sigma = 0.25] }) => [
    { ...ftCadis({ table: TABLE, row: 2 }), sigma },
    { ...crossEntropy(), sigma },
    { ...offTheShelf({ table: TABLE, row: 0 }), sigma },
  ],
  reference: 'ft-cadis',
  tables: outcome => [linfTable(outcome)],
}
