import { z } from 'zod'
import { CheckpointError } from '../errors'
import type { DataIdentity, Dataset } from '../torch'

export const identitySchema: z.ZodType<DataIdentity> = z.object({
  images: z.int().nonnegative(),
  classes: z.array(z.string()),
  digest: z.string(),
})

/** The identity of a run's images, from their files. */
export const runDataSchema = z.object({ train: identitySchema, test: identitySchema })

/** The identity of a run's images. */
export type RunData = z.output<typeof runDataSchema>

/** Reads the identities of data sets. */
export async function runDataOf(sets: {
  readonly trainSet: Dataset
  readonly testSet: Dataset
}): Promise<RunData> {
  const { session } = sets.trainSet
  return session.compute(() => ({ train: sets.trainSet.identity(), test: sets.testSet.identity() }))
}

/**
 * Describes the differences between two data sets, in a few words each; none if they are the same.
 *
 * @param names - Names of the two in the descriptions.
 */
export function dataDifferences(
  first: DataIdentity,
  second: DataIdentity,
  [ofFirst, ofSecond]: readonly [string, string],
): string[] {
  const line = (what: string, show: (data: DataIdentity) => string | number) =>
    show(first) === show(second) ? [] : [`${what}: ${show(first)} ${ofFirst}, ${show(second)} ${ofSecond}`]
  const differences = [
    ...line('classes', ({ classes }) => shownNames(classes)),
    ...line('number of images', ({ images }) => images),
  ]
  return differences.length > 0 ? differences : line('digest of images and labels', ({ digest }) => digest)
}

/**
 * Checks that the images are those of the start. Their location does not matter.
 *
 * @param what - What was started, for the message.
 * @throws CheckpointError that names both
 */
export function requireSameData(what: string, begun: RunData, now: RunData): void {
  const lines = (['train', 'test'] as const).flatMap(split =>
    dataDifferences(begun[split], now[split], ['then', 'now']).map(difference => `  ${split}: ${difference}`),
  )
  if (lines.length === 0) return
  throw new CheckpointError(`${what} was begun with other data:\n${lines.join('\n')}\n`, {
    remedy: 'Give the data that it was begun with, or choose another output folder for a new run.',
  })
}

/** Formats the names of classes, of many only the first. */
export function shownNames(names: readonly string[]): string {
  const whole = names.join(', ')
  return whole.length > 200 ? `${names.length} (${whole.slice(0, 200)}…)` : whole
}
