import type { Table } from '../../analysis/tables'
import { mostCopies, procedureOf } from '../../certification/procedure'
import { votingMembers } from '../../config/methods/trained'
import { planRun } from '../../runs/plan-run'
import { configOfArm } from '../arm-config'
import type { TaskOptions } from '../tasks'
import { trainingPasses } from './passes'
import { SYSTEMS } from './systems'

/** Returns the arms by name, with their training and certification, or why they are left out. Loads nothing. */
export function planTable({ scale, seeds }: TaskOptions): Table {
  return {
    caption: `Systems of Table 1 at the scale ${scale.name}: ${scale.title}`,
    columns: [
      { header: 'system' },
      { header: 'σ' },
      { header: 'trainings', digits: 0 },
      { header: 'updates', digits: 0 },
      { header: 'passes a training (M)', digits: 2 },
      { header: 'copies an image', digits: 0 },
      { header: 'networks a copy', digits: 0 },
      { header: 'left out' },
    ],
    rows: SYSTEMS.flatMap(({ label, arm }) =>
      scale.sigmas.map(sigma => {
        const found = arm(scale, sigma)
        if ('leftOut' in found) return [label, sigma, 0, null, null, null, null, found.leftOut]
        const { isTrained = true, members = 1 } = found
        const config = configOfArm(found, scale, { sigma, isAblation: false })
        const { certification } = config
        const networks = members * (isTrained ? votingMembers(config.method) : 1)
        return [
          label,
          sigma,
          isTrained ? members * seeds.length : 0,
          isTrained ? planRun(config, { trainImages: scale.trainImages }).updates : 0,
          isTrained ? trainingPasses(config, scale) / 1e6 : 0,
          mostCopies(procedureOf(certification, config.smoothing), certification),
          networks,
          null,
        ]
      }),
    ),
  }
}
