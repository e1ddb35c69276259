import { ConfigError } from '../errors'
import { dataDifferences } from '../smoothing/data-identity'
import { readSoftLabelsHeader } from '../smoothing/soft-labels-file'
import { type Dataset, readSoftLabels, type SoftLabels } from '../torch'

/**
 * Loads the predictions that a run needs for every training image.
 *
 * @throws DataError if the file is missing, damaged or incomplete; ConfigError if it is for other images
 */
export async function loadSoftLabels(
  trainSet: Dataset,
  { predictions, field = 'method.predictions' }: { readonly predictions: string; readonly field?: string },
): Promise<SoftLabels> {
  return (await loadVotes(trainSet, { predictions, field })).softLabels
}

/** Like {@link loadSoftLabels}, and returns the number of votes. */
export async function loadVotes(
  trainSet: Dataset,
  { predictions, field }: { readonly predictions: string; readonly field: string },
): Promise<{ readonly softLabels: SoftLabels; readonly votes: number }> {
  const { session } = trainSet
  const { data, n } = await readSoftLabelsHeader(predictions)
  const now = await session.compute(() => trainSet.identity())
  const lines = dataDifferences(data, now, ['in the file', 'in the training set'])
  if (lines.length > 0) {
    throw new ConfigError(
      `${field}: ${predictions} is of other images:\n${lines.map(line => `  ${line}`).join('\n')}\n`,
      { remedy: 'Give the file of this training set, or make it with `ft-cadis soft-labels`.' },
    )
  }
  const softLabels = readSoftLabels(session, predictions, {
    ...{ images: now.images, classes: now.classes.length, votes: n },
  })
  await session.flush()
  return { softLabels, votes: n }
}
