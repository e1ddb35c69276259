import { stat } from 'node:fs/promises'

/** Returns whether anything exists at a path. */
export async function exists(path: string): Promise<boolean> {
  return (await found(path)) !== undefined
}

/** Returns whether a path is a file, or a link to one. */
export async function isFile(path: string): Promise<boolean> {
  return (await found(path))?.isFile() === true
}

/** Returns whether a path is a folder, or a link to one. */
export async function isFolder(path: string): Promise<boolean> {
  return (await found(path))?.isDirectory() === true
}

async function found(path: string) {
  return stat(path).catch(() => undefined)
}
