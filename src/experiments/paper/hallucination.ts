import type { Experiment } from '../definition'
import { keptTable } from '../derived-tables'
import { at, ftCadis, offTheShelf } from './arms'

/** Figures 2 to 4, 12 and 13. */
export const hallucination: Experiment = {
  name: 'hallucination',
  title: 'Hallucinated images',
  source: 'Figures 2 to 4, 12 and 13',
  varies: 'σ, and who judges: the off-the-shelf classifier or the one fine-tuned with FT-CADIS',
  heldEqual: 'the denoised images',
  findings: ['Denoising changes what an image shows, more often the larger σ is.'],
  sigma: 0.5,
  arms: ({ sigmas }) => sigmas.flatMap(sigma => [offTheShelf(), ftCadis()].map(arm => at(sigma, arm))),
  reference: 'off-the-shelf',
  tables: outcome => (outcome.samples === undefined ? [] : [keptTable(outcome.samples, outcome)]),
  showsImages: true,
}
