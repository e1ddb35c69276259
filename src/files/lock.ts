import { randomUUID } from 'node:crypto'
import { link, readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError } from '../errors'

/** Who writes, in the lock. */
interface Holder {
  readonly pid: number
  readonly host: string
  /** When the process started, in ticks of its machine: tells it from a later process of the same number. */
  readonly startTicks: string | null
  readonly since: string
  /** What the launcher calls the launch that the process belongs to; absent where it is no launched one. */
  readonly launch?: string
}

/** How often a lock is touched while it is held. */
const TOUCH_MS = 20_000

/** How long to wait for a process that removes an abandoned lock. */
const GUARD_MS = 10

/** A lock of another machine, whose processes cannot be seen, is abandoned when it was not touched for so long. */
const ABANDONED_MS = 6 * TOUCH_MS

/**
 * Keeps two processes from writing the same thing. A lock whose process is gone, as `kill -9` leaves it, is taken over; so is
 * one that the same launch left on another machine, since a launcher starts its processes anew when they all have ended.
 *
 * @param path - The lock's own file.
 * @param what - What is locked, for the message: `log runs/a.tsv`.
 * @returns what gives the lock back
 * @throws ConfigError naming the process that holds it
 */
export async function lock(path: string, what: string): Promise<() => Promise<void>> {
  const own = `${path}.${randomUUID()}`
  const launch = process.env.TORCHELASTIC_RUN_ID
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    startTicks: await startTicks(process.pid),
    since: new Date().toISOString(),
    ...(launch !== undefined && launch !== '' && launch !== 'none' ? { launch } : {}),
  }
  await writeFile(own, `${JSON.stringify(holder)}\n`)
  try {
    // A link is made whole or not at all, and only where there is no such file.
    while (!(await succeeds('EEXIST', link(own, path)))) await removeAbandoned(what, path, own)
  } finally {
    await unlink(own)
  }
  const timer = setInterval(() => utimes(path, new Date(), new Date()).catch(() => undefined), TOUCH_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await succeeds('ENOENT', unlink(path))
  }
}

/**
 * Removes the lock if its process is gone. One process at a time may do so, the one that has the guard: otherwise a slow
 * one could remove the lock that a faster one has put in the place of the same abandoned lock.
 */
async function removeAbandoned(what: string, path: string, own: string): Promise<void> {
  refuseHeld(what, path, await stateOf(path))
  const guard = `${path}.guard`
  if (!(await succeeds('EEXIST', link(own, guard)))) {
    // Another process is at it; one that has died over it leaves the guard.
    if ((await stateOf(guard)) === 'abandoned') await succeeds('ENOENT', unlink(guard))
    await sleep(GUARD_MS)
    return
  }
  try {
    const state = await stateOf(path)
    refuseHeld(what, path, state)
    if (state === 'abandoned') await succeeds('ENOENT', unlink(path))
  } finally {
    await unlink(guard)
  }
}

/** Whether a process that lives holds the lock. */
export async function isLocked(path: string): Promise<boolean> {
  return typeof (await stateOf(path)) !== 'string'
}

type State = 'free' | 'abandoned' | { readonly holder: Holder | undefined }

async function stateOf(path: string): Promise<State> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return 'free'
  const holder = parse(text)
  return holder !== undefined && !(await isRunning(holder, path)) ? 'abandoned' : { holder }
}

function refuseHeld(what: string, path: string, state: State): void {
  if (typeof state === 'string') return
  const { holder } = state
  const who =
    holder === undefined
      ? 'a process that its lock does not name'
      : `process ${holder.pid} on ${holder.host}, since ${holder.since}`
  throw new ConfigError(`The ${what} is being written by ${who}.`, {
    remedy: `Wait for it or choose another output; delete ${path} if that process is gone.`,
  })
}

async function isRunning({ pid, host, startTicks: ticks, launch }: Holder, path: string): Promise<boolean> {
  if (host !== hostname()) {
    if (launch !== undefined && launch === process.env.TORCHELASTIC_RUN_ID) return false
    const touchedMs = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    )
    return Math.abs(Date.now() - touchedMs) < ABANDONED_MS
  }
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  const now = await startTicks(pid)
  return ticks === null || now === null || ticks === now
}

/** The 22nd field of /proc/<pid>/stat; null where there is no such file system. */
async function startTicks(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name of the program, in parentheses, may hold spaces and parentheses itself.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

function parse(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder
    return Number.isSafeInteger(holder.pid) && typeof holder.host === 'string' ? holder : undefined
  } catch {
    return undefined
  }
}

/** Whether a file operation succeeds; false for the error that means that another process was faster. */
async function succeeds(code: string, operation: Promise<void>): Promise<boolean> {
  try {
    await operation
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false
    throw error
  }
}
