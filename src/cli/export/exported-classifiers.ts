import { basename, dirname } from 'node:path'
import { CheckpointError, ConfigError } from '../../errors'
import type { KnownSmoothed } from '../../smoothing/smoothed-input'

/** A classifier of a checkpoint, and its folder in the output of an export. */
export interface ExportedClassifier {
  readonly known: KnownSmoothed
  /** Subfolder of the output: `.`, or the number of a member trained together with others. */
  readonly place: string
}

/**
 * Returns the classifiers in a folder: one, or the members trained together into one checkpoint.
 *
 * @param options - `wantsClassifier`: whether the classifier is exported without the denoiser
 * @throws ConfigError for runs that are certified as one ensemble; CheckpointError if the classifier was not trained
 */
export function exportedClassifiers(
  folder: string,
  known: KnownSmoothed,
  { wantsClassifier }: { readonly wantsClassifier: boolean },
): readonly ExportedClassifier[] {
  const { checkpoint, ensemble, smoothing } = known.config
  if (checkpoint === undefined && wantsClassifier) {
    const { path } = { path: undefined, ...smoothing.denoiser }
    throw new CheckpointError(`${folder} has no classifier that was trained: a denoiser was.`, {
      remedy: `Use it as it is: set smoothing.denoiser.path to ${path}; or give --onnx, which takes both.`,
    })
  }
  if (ensemble === undefined) return [{ known, place: '.' }]
  const members = [checkpoint, ...ensemble.others.map(other => other.checkpoint)]
  const isOneCheckpoint = members.every(
    member => member !== undefined && basename(dirname(member)) === 'members',
  )
  if (!isOneCheckpoint) {
    throw new ConfigError(`${folder} is an ensemble of ${members.length} classifiers, expected one.`, {
      remedy: 'Give the folder of one of its members, such as members/0.',
    })
  }
  const { ensemble: _, ...config } = known.config
  return members.map((member, place) => ({
    // The weights are identified for all members together.
    known: { ...withoutWeights(known), config: { ...config, checkpoint: member } },
    place: String(place),
  }))
}

function withoutWeights({ weights: _, ...others }: KnownSmoothed): KnownSmoothed {
  return others
}
