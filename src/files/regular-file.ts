import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises'
import { ConfigError } from '../errors'

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants

/** Permissions of a new file, before the process's umask. */
const NEW_FILE_MODE = 0o666

/**
 * Returns the stats of a file to write or replace; undefined if it does not exist.
 *
 * @throws ConfigError if a link, a folder, a device, a pipe or a socket has the name: a link may lead anywhere, and
 * replacing the others would lose them
 */
export async function requireRegular(path: string): Promise<Stats | undefined> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined || found.isFile()) return found
  throw new ConfigError(`${path} cannot be written: it is ${await kindOf(path, found)}, expected a file.`, {
    remedy: found.isSymbolicLink()
      ? 'Name the file itself: links are not followed where something is written.'
      : 'Name a file, or a name that is free.',
  })
}

/**
 * Opens a file for reading and appending, and creates it if missing.
 *
 * @throws ConfigError as {@link requireRegular}
 */
export function openToAppend(path: string): Promise<FileHandle> {
  return openRegular(path, O_RDWR | O_APPEND | O_CREAT)
}

/**
 * Opens an existing file for reading and changing.
 *
 * @throws ConfigError as {@link requireRegular}
 */
export function openToChange(path: string): Promise<FileHandle> {
  return openRegular(path, O_RDWR)
}

/**
 * Truncates a file to this many bytes and syncs it, for example to drop a line that a kill left incomplete.
 *
 * @throws ConfigError as {@link requireRegular}
 */
export async function cutOff(path: string, { bytes }: { readonly bytes: number }): Promise<void> {
  await using handle = await openToChange(path)
  await handle.truncate(bytes)
  await handle.sync()
}

async function openRegular(path: string, flags: number): Promise<FileHandle> {
  await requireRegular(path)
  // Another process may replace the file meanwhile: a link is refused, a pipe does not block.
  const handle = await open(path, flags | O_NOFOLLOW | O_NONBLOCK, NEW_FILE_MODE)
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new ConfigError(`${path} cannot be written: it is not a file.`, { remedy: 'Name a file.' })
}

async function kindOf(path: string, found: Stats): Promise<string> {
  if (found.isSymbolicLink()) return `a symbolic link to ${await readlink(path)}`
  if (found.isDirectory()) return 'a folder'
  if (found.isFIFO()) return 'a named pipe'
  return found.isSocket() ? 'a socket' : 'a device'
}
