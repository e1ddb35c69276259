/**
 * Your own experiment: a selection rule against the paper's, on the digits. Runner, resumption, paired comparison,
 * tables, plot and page come with it; arms that the paper's experiments have had trained are not trained again.
 *
 *     npx ts-node examples/custom-experiment.ts --seeds 1 --test-images 20
 */
import { defineHook, experimentProgram, type SelectionRule, selectImages } from 'ft-cadis'
import { arms, type Experiment } from 'ft-cadis/experiments'

/** Kept where the classifier gives the label at least this probability, instead of the highest of all (Eq. 7). */
const confidentlyRight = (parameters: { readonly threshold: number }): SelectionRule =>
  defineHook({
    name: 'confidently-right',
    parameters,
    make:
      ({ threshold }) =>
      ({ crossEntropy }, { settings }) =>
        selectImages(
          crossEntropy.map(row => row.map(value => Math.exp(-value) >= threshold)),
          crossEntropy,
          settings,
        ),
  })

const experiment: Experiment = {
  name: 'confident-selection',
  title: 'Selection by confidence',
  source: 'not in the paper',
  varies: 'what counts as hallucinated',
  heldEqual: 'everything else',
  findings: [],
  sigma: 0.75,
  arms: () => [
    arms.ftCadis(),
    { key: 'confident-0.8', label: 'p(y) ≥ 0.8', hooks: { rule: confidentlyRight({ threshold: 0.8 }) } },
  ],
  reference: 'ft-cadis',
}

void experimentProgram({ name: 'custom-experiment', experiments: [experiment] })
