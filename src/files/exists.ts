import { stat } from 'node:fs/promises'

/** Whether anything is at a path. */
export async function exists(path: string): Promise<boolean> {
  return (await found(path)) !== undefined
}

/** Whether a path is a file, or leads to one. */
export async function isFile(path: string): Promise<boolean> {
  return (await found(path))?.isFile() === true
}

/** Whether a path is a folder, or leads to one. */
export async function isFolder(path: string): Promise<boolean> {
  return (await found(path))?.isDirectory() === true
}

async function found(path: string) {
  return stat(path).catch(() => undefined)
}
