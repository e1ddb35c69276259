import { join } from 'node:path'
import { z } from 'zod'
import { readJson } from '../files/read-json'

const trainingMetadata = z.object({
  trainableParameters: z.int().nonnegative(),
})

/** The content of a completed run's `training.json`. */
export type TrainingMetadata = Readonly<z.output<typeof trainingMetadata>>

export function trainingMetadataPath(folder: string): string {
  return join(folder, 'training.json')
}

/**
 * Undefined for an unfinished run.
 *
 * @throws DataError if the file is damaged
 */
export async function readTrainingMetadata(folder: string): Promise<TrainingMetadata | undefined> {
  return readJson(trainingMetadataPath(folder), { schema: trainingMetadata })
}
