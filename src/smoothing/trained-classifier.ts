import type { Session } from '../bridge'
import type { RunConfig } from '../config/schema'
import { type Classifier, loadClassifier } from '../torch'
import { classifierSpec } from './specs'

/** A checkpoint and the configuration of the run that left it. */
export interface TrainedRun {
  readonly config: RunConfig
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
  const { classifier, tuning } = config
  const spec = classifierSpec(classifier)
  return loadClassifier(
    session,
    tuning.kind === 'lora' ? { ...spec, adapter: checkpoint } : { ...spec, path: checkpoint },
  )
}
