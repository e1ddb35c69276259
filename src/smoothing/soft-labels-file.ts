import { z } from 'zod'
import { DataError } from '../errors'
import { firstIssue } from '../files/read-json'
import { openRegular, readText } from '../files/read-text'
import { identitySchema } from './data-identity'

/**
 * A file of soft labels: how often a smoothed classifier assigns each class to noisy copies of each training image. The first line is a
 * JSON header; each following line is `[image, { class: votes }]`, in any order, without classes that have no votes.
 */

const headerSchema = z.object({
  format: z.literal('ft-cadis soft labels 1'),
  /** Noisy copies of each image. */
  n: z.int().positive(),
  /** The identity of the images. */
  data: identitySchema,
  /** Everything else that determines the votes. */
  configuration: z.record(z.string(), z.json()),
})

export const SOFT_LABELS_FORMAT = 'ft-cadis soft labels 1'

export type SoftLabelsHeader = z.output<typeof headerSchema>

/** More than the settings of any certification need. */
const MOST_HEADER_BYTES = 1_000_000

const REMEDY = 'Make the file with `ft-cadis soft-labels`.'

/**
 * Reads the header of a file of soft labels.
 *
 * @throws DataError if the file does not exist or does not contain soft labels
 */
export async function readSoftLabelsHeader(path: string): Promise<SoftLabelsHeader> {
  const line = await firstLine(path)
  let content: unknown
  try {
    content = JSON.parse(line)
  } catch (cause) {
    throw new DataError(`${path} is not a file of soft labels: its first line is not JSON.`, {
      remedy: REMEDY,
      cause,
    })
  }
  const parsed = headerSchema.safeParse(content)
  if (parsed.success) return parsed.data
  throw new DataError(`${path} is not a file of soft labels: ${firstIssue(parsed.error)}.`, {
    remedy: REMEDY,
    cause: parsed.error,
  })
}

async function firstLine(path: string): Promise<string> {
  const refuse = (reason: string, cause?: unknown) =>
    new DataError(`The file of soft labels ${path} ${reason}.`, { remedy: REMEDY, cause })
  const file = await openRegular(path, refuse)
  if (file === undefined) throw refuse('is missing')
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MOST_HEADER_BYTES), 0, MOST_HEADER_BYTES, 0)
    return buffer.toString('utf8', 0, bytesRead).split('\n', 1)[0] ?? ''
  } catch (cause) {
    throw refuse(`cannot be read: ${(cause as Error).message}`, cause)
  } finally {
    await file.close()
  }
}

/** Formats the line of an image: votes by class, without classes that have none. */
export function softLabelsLine(image: number, votes: Readonly<Record<string, number>>): string {
  return `${JSON.stringify([image, votes])}\n`
}

/**
 * Returns the images that a file has lines for, and the bytes of its complete lines.
 *
 * @throws DataError for an invalid line
 */
export async function readSoftLabelImages(
  path: string,
): Promise<{ readonly images: ReadonlySet<number>; readonly wholeBytes: number }> {
  const text = await readText(path)
  const whole = (text ?? '').slice(0, (text ?? '').lastIndexOf('\n') + 1)
  const images = new Set<number>()
  for (const [index, line] of whole.split('\n').slice(1, -1).entries()) {
    const [, image] = /^\[(\d+),\{[^{}]*\}\]$/.exec(line) ?? []
    if (image === undefined) {
      throw new DataError(
        `Line ${index + 2} of ${path} is not a line of soft labels: ${line.slice(0, 80)}.`,
        {
          remedy: REMEDY,
        },
      )
    }
    images.add(Number(image))
  }
  return { images, wholeBytes: Buffer.byteLength(whole) }
}
