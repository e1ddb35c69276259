import { join } from 'node:path'
import { networkFolders, trainedBy } from '../config/methods/trained'
import { CheckpointError } from '../errors'
import type { TrainedRun } from '../smoothing/trained-classifier'

/** A classifier of a checkpoint, and where among the outputs of an export its files go. */
export interface ExportedNetwork extends TrainedRun {
  /** Folder in that which the command names: `.`, or of members that were trained together their numbers. */
  readonly place: string
}

/**
 * The classifiers of a checkpoint whose adapters can be exported: one, or the members that were trained together.
 *
 * @throws CheckpointError where none has adapters, which says where the weights are
 */
export function networksToExport({ config, checkpoint }: TrainedRun): readonly ExportedNetwork[] {
  const trained = trainedBy(config.method.kind)
  const folders = networkFolders(config.method).map(folder => join(checkpoint, folder))
  if (trained === 'denoiser') {
    throw new CheckpointError(`${checkpoint} has no adapters: a denoiser was trained.`, {
      remedy: `Use it as it is: set smoothing.denoiser.path to ${folders[0]}.`,
    })
  }
  if (config.tuning.kind === 'full') {
    throw new CheckpointError(
      trained === 'members'
        ? `${checkpoint} has no adapters: whole networks were trained.`
        : `${checkpoint} has no adapters: the whole network was trained.`,
      {
        remedy:
          trained === 'members'
            ? `Use its members as they are, they are in the format of their library already: ${folders.join(', ')}.`
            : 'Use the checkpoint as it is, it is in the format of its library already.',
      },
    )
  }
  return folders.map((folder, place) => ({
    config,
    checkpoint: folder,
    place: trained === 'members' ? String(place) : '.',
  }))
}
