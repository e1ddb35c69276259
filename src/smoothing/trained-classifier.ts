import type { Session } from '../bridge'
import type { AnyRunConfig } from '../config/schema'
import type { Classifier } from '../torch'
import { loadBaseClassifier } from './load-networks'

/** A checkpoint, and the configuration of its run. */
export interface TrainedRun {
  readonly config: AnyRunConfig
  /** Folder of the checkpoint. */
  readonly checkpoint: string
}

/**
 * Loads the classifier of a checkpoint with nothing to train. Adapters are loaded onto the off-the-shelf weights that
 * the run's configuration names.
 */
export async function loadTrainedClassifier(
  session: Session,
  { config, checkpoint }: TrainedRun,
): Promise<Classifier> {
  return (await loadBaseClassifier(session, config.classifier, { checkpoint })).classifier
}
