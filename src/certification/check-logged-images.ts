import { ConfigError } from '../errors'
import type { CertificationRow } from '../logs/certification-log'
import { type Dataset, digest, select } from '../torch'

/** The rows of a log, and its path. */
export interface LoggedImages {
  readonly log: string
  readonly rows: readonly CertificationRow[]
}

export interface LoggedImagesOptions {
  readonly signal?: AbortSignal | undefined
  /** Receives progress if there are many images. */
  readonly onNote?: ((note: string) => void) | undefined
}

/** Images to read per reply from Python, and between progress notes. */
const AT_ONCE = 32
const NOTE_EVERY = 1024

/**
 * Reads the images that have rows in logs, and refuses data in which one has other pixels or another label.
 *
 * @throws ConfigError that names the images, as in the log and as now
 */
export async function requireLoggedImages(
  dataset: Dataset,
  logs: readonly LoggedImages[],
  { signal, onNote }: LoggedImagesOptions = {},
): Promise<void> {
  const indices = [...new Set(logs.flatMap(({ rows }) => rows.map(({ index }) => index)))]
  for (let start = 0; start < indices.length; start += AT_ONCE) {
    signal?.throwIfAborted()
    if (indices.length > NOTE_EVERY && start % NOTE_EVERY === 0) {
      onNote?.(`Comparing the images of the log with the data: ${start} of ${indices.length}.`)
    }
    const chunk = indices.slice(start, start + AT_ONCE)
    const found = new Map(
      (await imageIdentities(dataset, chunk)).map(
        (identity, position) => [chunk[position], identity] as const,
      ),
    )
    for (const { log, rows } of logs) {
      const others = rows.flatMap(({ index, ...logged }) => {
        const now = found.get(index)
        const isSame =
          now === undefined || (now.label === logged.label && now.digest === (logged.digest ?? now.digest))
        return isSame ? [] : [`  image ${index}: ${say(logged)} in the log, ${say(now)} now`]
      })
      if (others.length > 0) throw otherImages(log, others)
    }
  }
}

interface ImageIdentity {
  readonly label: number
  readonly digest?: string
}

/** Returns label and digest of images, as in a log. */
async function imageIdentities(dataset: Dataset, indices: readonly number[]): Promise<ImageIdentity[]> {
  const read = await dataset.session.compute(() =>
    indices.map(index => {
      const { images_BCHW, labels_B } = dataset.images([index])
      return { labels: labels_B, digest: digest(select(images_BCHW, 'B', 0)) }
    }),
  )
  return read.map(({ labels: [label = -1], digest: ofPixels }) => ({ label, digest: ofPixels }))
}

function say({ label, digest: ofPixels = 'unknown' }: ImageIdentity): string {
  return `label ${label}, digest ${ofPixels}`
}

function otherImages(log: string, lines: readonly string[]): ConfigError {
  return new ConfigError(
    `The log ${log} is of other images than the data:\n${lines.slice(0, 5).join('\n')}\n`,
    {
      remedy: 'Give the data that the log was begun with, or choose another log file.',
    },
  )
}
