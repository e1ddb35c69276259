import type { TrainOptions } from '../train/options'
import type { FieldValues } from './grid'

/** What `ft-cadis sweep` is asked for: a training whose `--set` have several values. */
export interface SweepOptions extends Omit<TrainOptions, 'set'> {
  readonly set?: readonly FieldValues[]
  /** List the runs, train nothing. */
  readonly plan?: boolean
}
