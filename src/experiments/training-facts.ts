import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What `training.json` says of a run that is finished. */
export interface TrainingFacts {
  readonly trainableParameters: number
}

export function trainingFactsPath(folder: string): string {
  return join(folder, 'training.json')
}

/** Undefined for a run that is not finished. */
export async function readTrainingFacts(folder: string): Promise<TrainingFacts | undefined> {
  return readFile(trainingFactsPath(folder), 'utf8').then(
    text => JSON.parse(text) as TrainingFacts,
    () => undefined,
  )
}
