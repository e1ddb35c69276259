/** A position in a run. */
export interface Position {
  /** Epoch, counted from 1. */
  readonly epoch: number
  /** Updates completed in this epoch. */
  readonly update: number
  readonly updatesPerEpoch: number
  /** Epochs to train. */
  readonly epochs: number
  /** Updates since the start of the run, counted from 1. */
  readonly step: number
  /** Updates of the whole run. */
  readonly steps: number
}

/** The position of an update, and the amount of training before it. */
export interface Place extends Position {
  /** Completed epochs, including fractions. */
  readonly epochsDone: number
}
