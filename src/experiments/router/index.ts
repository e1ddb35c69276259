import { parseUnknownConfig, type RunConfig } from '../../config/schema'
import type { Arm, Experiment } from '../definition'
import type { Scale } from '../scale'
import { bestSingleTable, choiceTable } from './tables'

/** Votes per training image for the router's training. */
const VOTES = 200

/** One smoothed classifier for every radius, compared with the best noise level at each. */
export const router: Experiment = {
  name: 'router',
  title: 'A router between noise levels',
  source: 'not of the paper',
  varies: 'one noise level for all images, or a certified choice between them',
  heldEqual: 'denoiser, experts, images, the noise that is certified with, n0, n and alpha of an image',
  findings: ['At every radius the router is about as good as the noise level that is best there.'],
  sigma: 0.5,
  scales: ['digits', 'cifar10', 'imagenet'],
  arms: scale => armsAt(scale),
  reference: 'ft-cadis',
  leadingTables: outcome => [bestSingleTable(outcome), choiceTable(outcome)],
}

function armsAt(scale: Scale): Arm[] {
  const sigmas = sigmasOf(scale)
  const largest = Math.max(...sigmas)
  const experts = sigmas.map(
    (sigma): Arm => ({
      key: `ft-cadis-sigma-${sigma}`,
      label: `FT-CADIS, σ = ${sigma}`,
      sigma,
      config: onAllImages(scale),
    }),
  )
  return [
    ...experts,
    {
      key: 'router',
      label: `router, σ = ${largest}`,
      sigma: largest,
      config: base => routerConfig(onAllImages(scale)(base), { sigmas, radii: scale.radii }),
      router: { of: experts.map(({ key }) => key), n: VOTES, agreement: Math.min(...sigmas) },
    },
  ]
}

/** Returns the noise levels of the scale; if it has only one, also half of it. */
function sigmasOf({ sigmas }: Scale): readonly number[] {
  const [only = 0, ...others] = sigmas
  return others.length > 0 ? sigmas : [only / 2, only]
}

/** The digits have few test images: all are certified. */
function onAllImages({ name }: Scale): (base: RunConfig) => RunConfig {
  return base =>
    name === 'digits' ? { ...base, certification: { ...base.certification, images: 'all' } } : base
}

/** The network starts from the weights of the experts' start, with a head for the experts. */
function routerConfig(
  { method: _, ...base }: RunConfig,
  { sigmas, radii }: { readonly sigmas: readonly number[]; readonly radii: readonly number[] },
): RunConfig {
  return parseUnknownConfig({
    ...base,
    classifier: { ...base.classifier, numClasses: sigmas.length },
    method: {
      ...{ kind: 'router', noises: 4, radii },
      // Replaced for each seed.
      experts: sigmas.map(sigma => ({ sigma, predictions: 'soft-labels' })),
    },
  })
}
