import { join } from 'node:path'
import { z } from 'zod'
import { readJson } from '../files/read-json'

const trainingMetadata = z.object({
  trainableParameters: z.int().nonnegative(),
})

/** What `training.json` says of a run that is finished. */
export type TrainingMetadata = Readonly<z.output<typeof trainingMetadata>>

export function trainingMetadataPath(folder: string): string {
  return join(folder, 'training.json')
}

/**
 * Undefined for a run that is not finished.
 *
 * @throws DataError where the file is damaged
 */
export async function readTrainingMetadata(folder: string): Promise<TrainingMetadata | undefined> {
  return readJson(trainingMetadataPath(folder), { schema: trainingMetadata })
}
