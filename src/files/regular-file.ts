import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises'
import { ConfigError } from '../errors'

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants

/** For whom a new file may be read and written, before the process's umask. */
const NEW_FILE_MODE = 0o666

/**
 * What the system says of a file that is to be written or replaced; undefined where there is none so far.
 *
 * @throws ConfigError if a link, a folder, a device, a pipe or a socket has the name: a link may lead anywhere, and nothing
 *   else can be replaced by a file without loss
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
 * Opens a file to read it and to append to it, and makes it where there is none.
 *
 * @throws ConfigError as {@link requireRegular}
 */
export function openToAppend(path: string): Promise<FileHandle> {
  return openRegular(path, O_RDWR | O_APPEND | O_CREAT)
}

/**
 * Opens a file that is there to read it and to change it.
 *
 * @throws ConfigError as {@link requireRegular}
 */
export function openToChange(path: string): Promise<FileHandle> {
  return openRegular(path, O_RDWR)
}

/**
 * Cuts a file off behind this many bytes, on the disk, as a line that a kill has left half written.
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
  // Another process may put something else there meanwhile: a link is refused, a pipe does not wait for its other end.
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
