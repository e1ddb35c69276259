import { open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

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

/** Puts a finished folder in the place of another one, or of none, on the disk. */
export async function replaceFolder(finished: string, folder: string): Promise<void> {
  const parent = dirname(resolve(folder))
  const replaced = join(parent, `.replaced.${process.pid}`)
  await rename(folder, replaced).catch(unlessMissing)
  await rename(finished, folder)
  await syncToDisk(parent)
  await rm(replaced, { recursive: true, force: true })
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
