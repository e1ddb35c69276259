import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { exists } from './exists'
import { namesIn } from './names-in'
import { requireRegular } from './regular-file'

/**
 * Writes a file atomically: a killed process leaves the old content or the new. An existing file keeps its permissions.
 *
 * @throws ConfigError if the path is a link or anything else than a file
 */
export async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  await replaceFile(path, content, { isDurable: false })
}

/**
 * Like {@link writeWhole}, but also syncs to disk before it returns: a crash of the machine leaves the old content or the
 * new.
 */
export async function writeDurably(path: string, content: string | Buffer): Promise<void> {
  await replaceFile(path, content, { isDurable: true })
  await syncToDisk(dirname(resolve(path)))
}

/** Writes a file that must not exist yet, not even as a link; otherwise throws the error of the file system. */
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
  // An unguessable name that must not exist: a link placed there is not followed. In the file's folder, because a rename
  // cannot cross file systems, and short enough for any file system.
  const temporary = join(dirname(path), `.ft-cadis-${randomUUID()}.tmp`)
  const handle = await open(temporary, 'wx', existing?.mode)
  try {
    // Permissions removed by the process's umask.
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

/** Syncs a file, or the names in a folder, to disk. */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}

/** Prefix of a folder's name while another one replaces it. */
export const REPLACED = '.replaced-'

/**
 * Replaces a folder, or none, with a finished one, synced to disk. If the process is killed meanwhile, the old folder or
 * the new one is whole: under its name, or else for {@link recoverReplaced} to restore.
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

/** Renames back the folders that {@link replaceFolder} had moved aside when it was killed, or removes them. */
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
