import { open, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { exists } from './exists'
import { namesIn } from './names-in'

/** Writes a file atomically: a process that is killed leaves the old content or the new. */
export async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await writeFile(temporary, content)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** As {@link writeWhole}, and on the disk when it returns: a machine that fails leaves the old content or the new. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await writeFile(temporary, content)
    await syncToDisk(temporary)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncToDisk(dirname(resolve(path)))
}

/** Returns when a file, or the names in a folder, are on the disk. */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}

/** Begins the name of a folder while another one is put in its place. */
export const REPLACED = '.replaced-'

/**
 * Puts a finished folder in the place of another one, or of none, on the disk. A process that is killed meanwhile leaves
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
