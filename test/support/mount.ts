import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

/** Whether this process may mount its own file systems. */
export const canMount = (() => {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' })
    return process.getuid?.() === 0
  } catch {
    return false
  }
})()

/** Mounts a disk of that many bytes (`4M`), in memory, at a new folder. */
export function mountDisk(path: string, size: string): void {
  mkdirSync(path, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
}

export function remountDisk(path: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, path])
}

export function unmountDisk(path: string): void {
  execFileSync('umount', [path])
}
