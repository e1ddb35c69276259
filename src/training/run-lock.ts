import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { ConfigError } from '../errors'

/** Who writes to a run folder. */
export interface LockOwner {
  readonly pid: number
  readonly host: string
  readonly startedAt: string
  /** What the launcher calls the launch that the process belongs to; absent where nobody launched it. */
  readonly launch?: string | undefined
}

/** How often a living owner touches its lock. */
const TOUCH_MS = 20_000

/** A lock of another machine that was not touched for so long is of a machine that is gone. */
const ABANDONED_MS = 6 * TOUCH_MS

/** Keeps a second process from writing to a run folder. */
export class RunLock {
  readonly #timer: NodeJS.Timeout

  private constructor(readonly path: string) {
    // A folder that has vanished is noticed where something is written into it.
    this.#timer = setInterval(() => utimes(path, new Date(), new Date()).catch(() => undefined), TOUCH_MS)
    this.#timer.unref()
  }

  /**
   * Takes the lock, also in the place of an owner that is gone: a process of this machine that has ended, one that was
   * launched by the same launch as this one and has been started anew, or a machine that is silent.
   *
   * @throws ConfigError if a living process has it
   */
  static async take(path: string): Promise<RunLock> {
    const launch = process.env.TORCHELASTIC_RUN_ID
    const owner: LockOwner = {
      pid: process.pid,
      host: hostname(),
      startedAt: new Date().toISOString(),
      ...(launch && launch !== 'none' ? { launch } : {}),
    }
    const text = `${JSON.stringify(owner)}\n`
    try {
      await writeFile(path, text, { flag: 'wx' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const earlier = await readLock(path)
      if (earlier !== undefined && (await isHeld(path, earlier, owner))) throw refusal(path, earlier)
      await writeFile(path, text)
    }
    return new RunLock(path)
  }

  async release(): Promise<void> {
    clearInterval(this.#timer)
    await rm(this.path, { force: true })
  }
}

/** Who holds a lock; undefined where there is none, or none that can be read. */
async function readLock(path: string): Promise<LockOwner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as LockOwner
  } catch {
    return undefined // no lock, or one that its process was killed over
  }
}

/** Whether a living process holds the lock. */
export async function isLocked(path: string): Promise<boolean> {
  const holder = await readLock(path)
  return holder !== undefined && (await isHolderThere(path, holder))
}

/** Whether a process of this machine is there. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function isHeld(path: string, holder: LockOwner, me: LockOwner): Promise<boolean> {
  if (holder.host === me.host && holder.pid === me.pid) return false
  const isOfAnotherMachine = holder.host !== me.host
  if (isOfAnotherMachine && holder.launch !== undefined && holder.launch === me.launch) return false
  return isHolderThere(path, holder)
}

async function isHolderThere(path: string, { host, pid }: LockOwner): Promise<boolean> {
  if (host === hostname()) return isAlive(pid)
  const touched = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
  return Math.abs(Date.now() - touched) < ABANDONED_MS
}

function refusal(path: string, { pid, host, startedAt }: LockOwner): ConfigError {
  return new ConfigError(
    `The run folder is in use: process ${pid} on ${host} has been writing to it since ${startedAt} (${path}).`,
    { remedy: 'Wait for that process or stop it, or choose another output folder.' },
  )
}
