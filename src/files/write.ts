import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { exists } from './exists'
import { namesIn } from './names-in'
import { requireRegular } from './regular-file'

/**
 * Writes a file atomically: a process that is killed leaves the old content or the new. A file that is there keeps its
 * permissions.
 *
 * @throws ConfigError if the name is that of a link or of anything else that is not a file
 */
export async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  await replaceFile(path, content, { isDurable: false })
}

/** As {@link writeWhole}, and on the disk when it returns: a machine that fails leaves the old content or the new. */
export async function writeDurably(path: string, content: string | Buffer): Promise<void> {
  await replaceFile(path, content, { isDurable: true })
  await syncToDisk(dirname(resolve(path)))
}

/** Writes a file that must not be there yet, not even as a link; an error of the file system says so. */
export async function writeNew(path: string, content: string): Promise<void> {
  const handle = await open(path, 'wx')
  await handle.writeFile(content).finally(() => handle.close())
}

async function replaceFile(
  path: string,
  content: string | Buffer,
  { isDurable }: { isDurable: boolean },
): Promise<void> {
  const existing = await requireRegular(path)
  // A name that nobody can guess, and only where there is none such: a link that waits there is not followed. In the folder
  // of the file, since a rename cannot leave the file system, and not longer than a name may be.
  const temporary = join(dirname(path), `.ft-cadis-${randomUUID()}.tmp`)
  const handle = await open(temporary, 'wx', existing?.mode)
  try {
    // What the process's umask has left out.
    if (existing !== undefined) await handle.chmod(existing.mode & 0o777)
    await handle.writeFile(content)
    if (isDurable) await handle.sync()
    await handle.close()
    await rename(temporary, path)
  } catch (error) {
    await handle.close()
    await rm(temporary, { force: true })
    throw error
  }
}

/** Returns when a file, or the names in a folder, are on the disk. */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}

/** Begins the name of a folder while another one is put in its place. */
export const REPLACED = '.replaced-'

/**
 * Puts a finished folder in place of another one, or of none, on the disk. A process that is killed meanwhile leaves
 * the old folder or the new one whole: under the name, or where that is missing, for {@link recoverReplaced} to bring back.
 */
export async function replaceFolder(finished: string, folder: string): Promise<void> {
  const parent = dirname(resolve(folder))
  const replaced = join(parent, `${REPLACED}${basename(folder)}`)
  await recoverReplaced(parent)
  await rename(folder, replaced).catch(unlessMissing)
  await rename(finished, folder)
  await syncToDisk(parent)
  await rm(replaced, { recursive: true, force: true })
}

/** Gives folders back their names that {@link replaceFolder} had moved aside when it was killed, or removes them. */
export async function recoverReplaced(parent: string): Promise<void> {
  const names = await namesIn(parent)
  for (const name of names.filter(candidate => candidate.startsWith(REPLACED))) {
    const replaced = join(parent, name)
    const folder = join(parent, name.slice(REPLACED.length))
    if (await exists(folder)) await rm(replaced, { recursive: true, force: true })
    else await rename(replaced, folder)
  }
  if (names.length > 0) await syncToDisk(parent)
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
