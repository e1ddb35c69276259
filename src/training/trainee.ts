import type { LossTerm } from '../objectives/ft-cadis/compose'
import type { SelectionRule } from '../objectives/ft-cadis/select-images'
import type { Smoothing } from '../smoothing/smoothing'
import type { Classifier, Loader, Optimizer, ProcessGroup } from '../torch'
import type { StepProcedures } from './step-procedures'

/** What stays the same from update to update. */
export interface Trainee {
  readonly classifier: Classifier
  readonly smoothing: Smoothing
  readonly optimizer: Optimizer
  readonly loader: Loader
  readonly rule: SelectionRule
  readonly lossTerm?: LossTerm | undefined
  /** The classifier that decides D_nh where that is not the trained one (Table 6). */
  readonly decidedBy?: Classifier | undefined
  /** The processes that share each update. */
  readonly group: ProcessGroup
  readonly procedures: StepProcedures
}
