/**
 * FT-CADIS on real handwritten digits, from nothing to a page: fine-tune a small vision transformer behind a diffusion
 * denoiser with plain cross-entropy (Eq. 6) and with FT-CADIS, certify both and the off-the-shelf classifier on the same
 * test images under the same noise, and compare.
 *
 *     npx ts-node examples/quickstart-digits.ts --help
 */
import { experimentProgram, presets } from 'ft-cadis'
import { arms, classSection, type Experiment, lossSection } from 'ft-cadis/experiments'

const quickstart: Experiment = {
  name: 'quickstart',
  title: 'FT-CADIS on handwritten digits',
  source: 'not in the paper',
  varies: 'how the classifier is trained',
  heldEqual:
    'the off-the-shelf classifier that training starts from, the denoised test images that are voted on',
  findings: ['FT-CADIS gives up accuracy at small radii for accuracy at large ones.'],
  sigma: 0.75,
  arms: () => [
    arms.offTheShelf(),
    arms.crossEntropy(),
    {
      ...arms.ftCadis(),
      // λ and ε of the preset; `ft-cadis experiment` has those that were best on validation images.
      config: base => ({ ...base, method: presets.digits({ output: base.output }).method }),
    },
  ],
  reference: 'off-the-shelf',
  sections: async outcome => [...classSection(outcome), ...(await lossSection(outcome))],
  showsImages: true,
}

void experimentProgram({ name: 'quickstart-digits', experiments: [quickstart], seeds: 1 })
