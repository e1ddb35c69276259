import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { DataError } from '../errors'
import { type Encoding, encodingOf, textDecoder } from './encoding'
import { type SystemPath, shownPath } from './system-path'

/** Creates the error for a reason, which follows the name of the file: `is not JSON: Unexpected end of JSON input`. */
export type Refuse = (reason: string, cause?: unknown) => Error

/** Largest file in bytes that is read as a whole; logs of a million images are smaller. */
export const MOST_TEXT_BYTES = 200_000_000

/** The content of a text file. */
export interface TextFile {
  /** Without the mark of its encoding and without a truncated last character. */
  readonly text: string
  readonly encoding: Encoding
}

export interface ReadTextOptions {
  /** Default: a DataError. */
  readonly refuse?: Refuse
  /** Largest size in bytes. Default {@link MOST_TEXT_BYTES}. */
  readonly most?: number
}

/**
 * Reads the text of a user's file, in UTF-8 or UTF-16; undefined if it does not exist.
 *
 * @throws the error of `refuse` if it cannot be read, is not a regular file, is too large, or is not valid text
 */
export async function readText(path: string, options?: ReadTextOptions): Promise<string | undefined> {
  return (await readTextFile(path, options))?.text
}

/** Like {@link readText}, with the encoding. */
export async function readTextFile(
  path: string,
  { refuse = refuseData(path), most = MOST_TEXT_BYTES }: ReadTextOptions = {},
): Promise<TextFile | undefined> {
  const file = await openRegular(path, refuse)
  if (file === undefined) return undefined
  try {
    const { size } = await file.stat()
    if (size > most) throw refuse(`has ${megabytes(size)}, and at most ${megabytes(most)} are read`)
    return decode(await readable(file.readFile(), refuse), refuse)
  } finally {
    await file.close()
  }
}

/**
 * Opens a regular file for reading; undefined if nothing is at the path. Refuses pipes and devices without opening them:
 * a pipe may block, and a device may be endless.
 */
export async function openRegular(path: SystemPath, refuse: Refuse): Promise<FileHandle | undefined> {
  const found = await stat(path).catch(cause => missing(cause, refuse))
  if (found === undefined) return undefined
  requireRegular(found, refuse)
  // Non-blocking, because the path may have been replaced since.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(cause =>
    missing(cause, refuse),
  )
  try {
    if (file !== undefined) requireRegular(await file.stat(), refuse)
  } catch (error) {
    await file?.close()
    throw error
  }
  return file
}

/** Returns the error for a user's file. */
export function refuseData(path: string): Refuse {
  return (reason, cause) =>
    new DataError(`${shownPath(path)} ${reason}.`, {
      remedy: 'Restore the file, or the right to read it; or remove it.',
      cause,
    })
}

/** Formats a size as `1.2 MB`. */
export function megabytes(bytes: number): string {
  return `${Number((bytes / 1e6).toPrecision(3))} MB`
}

function requireRegular(found: { isFile(): boolean; isDirectory(): boolean }, refuse: Refuse): void {
  if (found.isFile()) return
  throw refuse(
    found.isDirectory()
      ? 'is a folder, expected a file'
      : 'is not a regular file, but a pipe, socket or device',
  )
}

function missing(cause: NodeJS.ErrnoException, refuse: Refuse): undefined {
  if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined
  throw refuse(`cannot be read: ${cause.message}`, cause)
}

async function readable<T>(reading: Promise<T>, refuse: Refuse): Promise<T> {
  return reading.catch(cause => {
    throw refuse(`cannot be read: ${(cause as Error).message}`, cause)
  })
}

function decode(bytes: Buffer, refuse: Refuse): TextFile {
  const encoding = encodingOf(bytes)
  try {
    return { text: textDecoder(encoding).decode(bytes, { stream: true }), encoding }
  } catch (cause) {
    throw refuse(notText(encoding), cause)
  }
}

/** Explains why bytes are invalid in the encoding of the first ones. */
export function notText(encoding: Encoding): string {
  return encoding === 'UTF-8'
    ? 'is not text in UTF-8 or UTF-16. Save it as UTF-8'
    : `is not text in ${encoding}, as its first bytes say. Save it as UTF-8`
}
