import { type FileHandle, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConfigError, DataError, FtCadisError } from '../errors'
import { type Lock, lock } from '../files/lock'
import { readTextFile } from '../files/read-text'
import { openToAppend, requireRegular } from '../files/regular-file'
import { type LogMetadata, metadataPath, readMetadata } from './certification-log-metadata'
import { formatIndices, type ImagePlan, parseIndices } from './image-plan'

/** The state of any log before rows are appended. */
export interface LogToContinue<Earlier> {
  /** The content from earlier runs. */
  readonly earlier: Earlier
  readonly handle: FileHandle
  /** The lock: nobody else writes the log while it is held. */
  readonly held: Lock
}

/**
 * Opens a log for appending.
 *
 * @param prepare - creates or validates the log and its `<log>.json`, under the lock
 * @throws ConfigError while another process writes it; DataError if it cannot be written; errors of `prepare`
 */
export async function openLog<Earlier>(
  path: string,
  prepare: () => Promise<Earlier>,
): Promise<LogToContinue<Earlier>> {
  let held: Lock | undefined
  try {
    await mkdir(dirname(path), { recursive: true })
    await requireRegular(path)
    held = await lock(`${path}.lock`, `log ${path}`)
    const earlier = await prepare()
    return { earlier, handle: await openToAppend(path), held }
  } catch (cause) {
    await held?.release()
    if (cause instanceof FtCadisError) throw cause
    throw new DataError(`The log ${path} cannot be written: ${(cause as Error).message}.`, {
      remedy: 'Choose a log file that can be written.',
      cause,
    })
  }
}

/**
 * Returns the content of a log and of `<log>.json`; undefined if neither exists.
 *
 * @throws ConfigError for a log in an encoding other than that of appended rows, and for one without `<log>.json`
 */
export async function contentOf(
  path: string,
): Promise<{ readonly text: string | undefined; readonly logged: LogMetadata | undefined }> {
  const found = await readTextFile(path)
  if (found !== undefined && found.encoding !== 'UTF-8') {
    throw new ConfigError(
      `The log ${path} is written in ${found.encoding}, which is read but not continued: rows are appended in UTF-8.`,
      { remedy: 'Save it as UTF-8 without a mark, or choose another log file.' },
    )
  }
  const logged = await readMetadata(path)
  if (found !== undefined && logged === undefined) {
    throw new ConfigError(
      `The log ${path} has no ${metadataPath(path)}, so nothing says how its rows were made.`,
      { remedy: 'Choose another log file.' },
    )
  }
  return { text: found?.text, logged }
}

/**
 * Refuses a log with rows of images that are not planned. A log may continue with another plan that includes all of its
 * rows.
 *
 * @param done - the action on images: `certified`, `attacked`
 * @throws ConfigError that lists the images
 */
export function requirePlanned(
  path: string,
  {
    plan,
    rows,
  }: { readonly plan: ImagePlan | undefined; readonly rows: readonly { readonly index: number }[] },
  done: string,
): void {
  if (plan === undefined) return
  const planned = new Set(parseIndices(plan.images))
  const others = rows.map(({ index }) => index).filter(index => !planned.has(index))
  if (others.length === 0) return
  const shown = formatIndices(others.slice(0, 10).sort((a, b) => a - b))
  throw new ConfigError(
    `The log ${path} has ${others.length} images that are not to be ${done} now: ${shown}${others.length > 10 ? ', …' : ''}.`,
    { remedy: 'Ask for at least the images that the log has, or choose another log file.' },
  )
}
