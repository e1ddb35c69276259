import type { Experiment } from '../definition'
import { denoisedRowsOfTable1, envelopeOf } from '../derived-tables'
import { at, crossEntropy, ftCadis, offTheShelf } from './arms'

/** The rows of Table 1 with the same denoiser and classifier. */
export const baselines: Experiment = {
  name: 'baselines',
  title: 'Diffusion Denoised, without and with fine-tuning, and FT-CADIS',
  source: 'Table 1, rows DS',
  varies:
    'how the classifier behind the denoiser is fine-tuned: not, with cross-entropy (Eq. 6), with FT-CADIS',
  heldEqual:
    'at each noise level networks, data, epochs, optimiser, M, seeds; the noise that is certified with',
  findings: ['FT-CADIS > cross-entropy > off-the-shelf.'],
  sigma: 0.5,
  arms: ({ sigmas }) =>
    sigmas.flatMap(sigma => [offTheShelf(), crossEntropy(), ftCadis()].map(arm => at(sigma, arm))),
  reference: 'ft-cadis',
  tables: outcome => [
    envelopeOf(outcome, [
      { label: 'Diffusion Denoised (off-the-shelf)', key: 'off-the-shelf' },
      { label: 'with fine-tuning (Eq. 6)', key: 'cross-entropy' },
      { label: 'FT-CADIS', key: 'ft-cadis' },
    ]),
    denoisedRowsOfTable1(outcome.scale),
  ],
}
