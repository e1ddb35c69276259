import { readFileSync, readlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'

/** Identifies a process among all processes of all machines. */
export interface ProcessIdentity {
  readonly pid: number
  readonly host: string
  /**
   * Equal for processes that can see each other's process ids: one boot of one machine, one pid namespace. Containers may
   * share a host name but nothing else. null if unknown, absent in earlier locks.
   */
  readonly machine?: string | null
  /** Start time of the process, in ticks of its machine, which distinguishes it from a later process of the same number. */
  readonly startTicks: string | null
}

export async function thisProcess(): Promise<ProcessIdentity> {
  const { pid } = process
  const startTicks = (await processOf(pid))?.startTicks ?? null
  return { pid, host: hostname(), machine: machine(), startTicks }
}

/** Whether a process of this machine lives. */
export async function isAlive({ pid, startTicks }: ProcessIdentity): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: a process of this number exists and belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = await processOf(pid)
  return now === undefined || (!now.hasEnded && (startTicks === null || startTicks === now.startTicks))
}

/** Returns an identifier of one boot of this machine and its pid namespace; null if unknown. */
function machine(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return null // not Linux: falls back to the host name
  }
}

/** Returns a process from /proc/<pid>/stat; undefined without such a file system, or if it hides the process. */
async function processOf(pid: number): Promise<{ startTicks: string | null; hasEnded: boolean } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  // The name of the program, in parentheses, may contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { startTicks: fields[19] ?? null, hasEnded: fields[0] === 'Z' || fields[0] === 'X' }
}

/** Returns whether a process runs on this machine, which can then find it by its number. */
export function isOfThisMachine(holder: Pick<ProcessIdentity, 'host' | 'machine'>): boolean {
  if (holder.host !== hostname()) return false
  const here = machine()
  return here === null || holder.machine === undefined || holder.machine === null || holder.machine === here
}
