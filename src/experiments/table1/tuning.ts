import { mergeSettings } from '../../config/merge-settings'
import { parseUnknownConfig, type RunConfig } from '../../config/schema'
import type { Fields } from '../../config/table1/entry'
import type { Arm, Experiment } from '../definition'
import type { Scale } from '../scale'
import { SYSTEMS } from './systems'

/** The noise level for choosing settings. */
const SIGMA = 0.5

/** As in Table 1; CAT-RS uses its soft labels. */
const REFERENCE = 'gaussian'

const RATES = [1e-3, 4e-3]

/** The trials of a system besides the learning rate: four values of a setting. */
interface Trials {
  readonly label: string
  readonly values: readonly number[]
  readonly settings: (value: number) => Fields
}

const trials = (label: string, values: readonly number[], settings: Trials['settings']): Trials => ({
  label,
  values,
  settings,
})

const LAMBDA = trials('λ', [0.5, 1, 2, 4], lambda => ({ method: { lambda } }))
const DECAY = trials('weight decay', [0.005, 0.02, 0.05, 0.2], decay => ({
  optimisation: { weightDecay: { start: decay, end: decay } },
}))

/** For the systems of Table 1 that train a network from scratch; Boosting and ACES use the runs of Consistency. */
const TRIALS: Readonly<Record<string, Trials>> = {
  'pixel-dp': DECAY,
  gaussian: DECAY,
  stability: LAMBDA,
  'smooth-adv': trials('ε', [0.125, 0.25, 0.5, 1], epsilon => ({ method: { attack: { epsilon } } })),
  consistency: LAMBDA,
  macer: LAMBDA,
  drt: trials('ρ₁', [0.05, 0.1, 0.2, 0.5], gradientWeight => ({ method: { gradientWeight } })),
  'smooth-mix': trials('η', [1, 2, 5, 10], eta => ({ method: { eta } })),
  'cat-rs': LAMBDA,
  denoised: DECAY,
  score: DECAY,
}

/** Eight trials of each system on the last 200 training images, without training on them: the basis for the settings of the digits. */
export const table1Tuning: Experiment = {
  name: 'table1-tuning',
  title: 'Settings of the systems of Table 1 on the digits, on validation images',
  source: 'no table of the paper',
  varies:
    'the learning rate, and the setting of each system that weighs its term, its attack or its weight decay',
  heldEqual:
    'networks, the first 1,000 training images, epochs, noise level; the noise that is certified with',
  findings: [],
  sigma: SIGMA,
  scales: ['digits'],
  arms: scale => SYSTEMS.flatMap(system => armsOf(system, scale)),
  reference: REFERENCE,
}

function armsOf({ key, label, arm }: (typeof SYSTEMS)[number], scale: Scale): Arm[] {
  const found = arm(scale, SIGMA)
  const tried = TRIALS[key]
  if ('leftOut' in found || tried === undefined) return []
  const { softLabels, config = base => base, ...others } = found
  const armOf = (name: Pick<Arm, 'key' | 'label'>, settings: Fields): Arm => ({
    ...others,
    ...name,
    sigma: SIGMA,
    ...(softLabels && { softLabels: { ...softLabels, of: REFERENCE } }),
    config: base => onValidation(mergeSettings(config(base), settings)),
  })
  const arms = tried.values.flatMap(value =>
    RATES.map(learningRate => {
      const name = {
        key: `${key}-${value}-rate-${learningRate}`,
        label: `${label}, ${tried.label} = ${value}, learning rate ${learningRate}`,
      }
      return armOf(name, mergeSettings(tried.settings(value), { optimisation: { learningRate } }) as Fields)
    }),
  )
  return key === REFERENCE ? [armOf({ key, label }, {}), ...arms] : arms
}

function onValidation(settings: unknown): RunConfig {
  return parseUnknownConfig(mergeSettings(settings, { data: { source: 'digits', heldOut: 'validation' } }))
}
