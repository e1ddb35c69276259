import type { Experiment } from '../definition'
import { lossSection } from '../training-section'
import { at, ftCadis } from './arms'

export const stability: Experiment = {
  name: 'stability',
  title: 'Losses over training',
  source: 'Figure 14',
  varies: 'σ',
  heldEqual: 'networks, data, epochs, seeds',
  findings: ['The losses fall and the accuracy rises without collapse.'],
  sigma: 0.5,
  arms: ({ sigmas }) => sigmas.map(sigma => at(sigma, ftCadis())),
  reference: 'ft-cadis',
  sections: lossSection,
}
