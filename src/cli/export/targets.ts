import { randomUUID } from 'node:crypto'
import { lstat, mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ConfigError } from '../../errors'
import { syncToDisk } from '../../files/write'

/**
 * Refuses unusable output folders before anything is loaded. Existing files are kept.
 *
 * @param targets - folders by option
 * @throws ConfigError that names the option
 */
export async function requireFree(targets: Readonly<Record<string, string | undefined>>): Promise<void> {
  const named = Object.entries(targets).flatMap(([option, path]) =>
    path === undefined ? [] : [{ option, path, full: resolve(path) }],
  )
  for (const [place, { option, path, full }] of named.entries()) {
    const other = named.find(
      (earlier, at) => at < place && (isWithin(full, earlier.full) || isWithin(earlier.full, full)),
    )
    if (other !== undefined) {
      throw new ConfigError(
        `${other.option} and ${option} both write to ${path}, expected its own folder for each.`,
        { remedy: 'Name two folders, none in the other.' },
      )
    }
    const found = await entryOf(full, option)
    if (found !== undefined && !found.isDirectory()) {
      throw new ConfigError(`${option} ${path} is there already and is not a folder.`, {
        remedy: 'Name a new folder: links are not followed.',
      })
    }
    if (found !== undefined && (await readdir(full)).length > 0) {
      throw new ConfigError(`${option} ${path} is a folder that is not empty, and nothing is overwritten.`, {
        remedy: 'Name a new folder, or remove this one first.',
      })
    }
    await requireWritable(await nearestFolder(dirname(full)), { option, path })
  }
}

/**
 * Writes a folder atomically.
 *
 * @param fill - Fills a new folder of another name, which it must create.
 */
export async function writeNewFolder(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const full = resolve(target)
  const parent = dirname(full)
  await mkdir(parent, { recursive: true })
  const unfinished = join(parent, `.ft-cadis-${randomUUID()}.tmp`)
  try {
    await fill(unfinished)
    // Replaces nothing, or an empty folder.
    await rename(unfinished, full)
    await syncToDisk(parent)
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true })
    throw cause
  }
}

function isWithin(path: string, folder: string): boolean {
  return `${path}/`.startsWith(`${folder}/`)
}

async function entryOf(path: string, option: string) {
  try {
    return await lstat(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new ConfigError(`${option} ${path} cannot be written: ${message}.`, {
      remedy: 'Name a folder that can be made.',
      cause,
    })
  }
}

/** Returns the folder, or the nearest existing one above it. */
async function nearestFolder(folder: string): Promise<string> {
  const found = await lstat(folder).catch(() => undefined)
  return found !== undefined || dirname(folder) === folder ? folder : nearestFolder(dirname(folder))
}

/** Tests by writing: permissions are not enough on read-only disks and for root. */
async function requireWritable(
  folder: string,
  { option, path }: { readonly option: string; readonly path: string },
): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(folder, '.ft-cadis-')))
  } catch (cause) {
    throw new ConfigError(`${option} ${path} cannot be written: ${(cause as Error).message}.`, {
      remedy: 'Name a folder that can be made.',
      cause,
    })
  }
}
