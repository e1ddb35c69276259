/** Where a run is. */
export interface Position {
  /** Epoch, counted from 1. */
  readonly epoch: number
  /** Updates taken in this epoch. */
  readonly update: number
  readonly updatesPerEpoch: number
  /** Epochs that will be trained. */
  readonly epochs: number
  /** Updates since the run began, counted from 1. */
  readonly step: number
  /** Updates of the whole run. */
  readonly steps: number
}

/** The position of an update, and how long the run has trained before it. */
export interface Place extends Position {
  /** Whole epochs and a part. */
  readonly epochsDone: number
}
