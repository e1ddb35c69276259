import type { Arm, Experiment } from '../definition'
import type { Scale } from '../scale'
import { planTable } from './plan'
import { keyOf, SYSTEMS } from './systems'
import { costTable, pairedEnvelopeTable, systemCurves, systemsTable } from './tables'

/** Every system of Table 1 that this package trains, each by its authors' method, at the noise levels of the scale. */
export const table1: Experiment = {
  name: 'table1',
  title: 'Systems of certified robustness',
  source: 'Table 1',
  varies: 'the whole system: networks, training, denoiser',
  heldEqual:
    'data, noise levels, the noise that is certified with, and the statistics of certification; not the networks, nor what training takes',
  findings: ['FT-CADIS has the highest certified accuracy at most radii.'],
  sigma: 0.5,
  scales: ['digits', 'mnist', 'cifar10', 'imagenet'],
  arms: scale => armsAt(scale),
  reference: 'ft-cadis',
  curves: systemCurves,
  leadingTables: outcome => [systemsTable(outcome), ...pairedEnvelopeTable(outcome), costTable(outcome)],
  plan: planTable,
}

function armsAt(scale: Scale): Arm[] {
  return scale.sigmas.flatMap(sigma =>
    SYSTEMS.flatMap(({ key, label, arm }): Arm[] => {
      const found = arm(scale, sigma)
      if ('leftOut' in found) return []
      return [{ ...found, key: keyOf(key, sigma), label: `${label}, σ = ${sigma}`, sigma }]
    }),
  )
}
