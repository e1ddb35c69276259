import { join } from 'node:path'
import { z } from 'zod'
import { readJson } from '../files/read-json'

const trainingFacts = z.object({
  trainableParameters: z.int().nonnegative(),
})

/** What `training.json` says of a run that is finished. */
export type TrainingFacts = Readonly<z.output<typeof trainingFacts>>

export function trainingFactsPath(folder: string): string {
  return join(folder, 'training.json')
}

/**
 * Undefined for a run that is not finished.
 *
 * @throws DataError where the file is damaged
 */
export async function readTrainingFacts(folder: string): Promise<TrainingFacts | undefined> {
  return readJson(trainingFactsPath(folder), { schema: trainingFacts })
}
