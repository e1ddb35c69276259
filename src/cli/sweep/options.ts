import type { TrainOptions } from '../train/options'
import type { FieldValues } from './grid'

/** The options of `ft-cadis sweep`: those of a training, but `--set` may have several values. */
export interface SweepOptions extends Omit<TrainOptions, 'set'> {
  readonly set?: readonly FieldValues[]
  /** List the runs, train nothing. */
  readonly plan?: boolean
}
