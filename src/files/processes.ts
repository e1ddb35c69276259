import { readFileSync, readlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'

/** Returns an identifier of one boot of this machine and its pid namespace; null if unknown. */
export function machine(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return null // not Linux: falls back to the host name
  }
}

/** Returns a process from /proc/<pid>/stat; undefined without such a file system, or if it hides the process. */
export async function processOf(
  pid: number,
): Promise<{ startTicks: string | null; hasEnded: boolean } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  // The name of the program, in parentheses, may contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { startTicks: fields[19] ?? null, hasEnded: fields[0] === 'Z' || fields[0] === 'X' }
}

/** Returns whether a process runs on this machine, which can then find it by its number. */
export function isOfThisMachine(holder: {
  readonly host: string
  readonly machine?: string | null
}): boolean {
  if (holder.host !== hostname()) return false
  const here = machine()
  return here === null || holder.machine === undefined || holder.machine === null || holder.machine === here
}
