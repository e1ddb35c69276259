import { randomUUID } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { type FileHandle, link, open, stat, unlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError, DataError } from '../errors'
import { isAlive, isOfThisMachine, type ProcessIdentity, thisProcess } from './processes'
import { type Refuse, readText } from './read-text'

/** Who writes, in the lock. */
interface Holder extends ProcessIdentity {
  /** Random, of this lock alone: a holder knows by it whether the lock is still its own. Absent in earlier locks. */
  readonly token?: string
  readonly since: string
  /** What the launcher calls the launch that the process belongs to; absent where it is not launched. */
  readonly launch?: string
}

/** How often a lock is touched while it is held. */
const TOUCH_MS = 20_000

/** How long to wait for a process that removes an abandoned lock. */
const GUARD_MS = 10

/** A lock of another machine, whose processes cannot be seen, is abandoned when it was not touched for so long. */
const ABANDONED_MS = 6 * TOUCH_MS

/**
 * The same where it is of a launch of the same name as this process: a launcher restarts its ranks when all have ended, and
 * may put them on other machines. Such a lock is waited for, since one of a launch that lives is touched meanwhile.
 */
const ABANDONED_BY_LAUNCH_MS = 1.5 * TOUCH_MS

/** Bytes of a lock, at most: this version writes some hundred. */
const MOST_LOCK_BYTES = 100_000

/** A lock that this process holds, or held until another one took it over. */
export interface Lock {
  /**
   * Call before every write to what is locked. A process that was paused for minutes may find its lock with another one.
   *
   * @throws DataError if the lock was removed or taken over
   */
  requireHeld(): void
  /** Gives the lock back, unless another process has it by now. Safe to call twice. */
  release(): Promise<void>
}

/**
 * Keeps two processes from writing the same thing. A lock whose process is gone, as `kill -9` leaves it, is taken over;
 * so is one that the same launch left on another machine, since a launcher restarts its processes when all have ended.
 *
 * @param path - The lock's own file.
 * @param what - What is locked, for the message: `log runs/a.tsv`.
 * @throws ConfigError naming the process that holds it; DataError where what has the name of the lock is not a file that can be read
 */
export async function lock(path: string, what: string): Promise<Lock> {
  const own = `${path}.${randomUUID()}`
  const launch = ownLaunch()
  const holder: Holder = {
    ...(await thisProcess()),
    token: randomUUID(),
    since: new Date().toISOString(),
    ...(launch === undefined ? {} : { launch }),
  }
  const text = `${JSON.stringify(holder)}\n`
  const handle = await open(own, 'wx+')
  const clock = fileSystemClock(handle, text)
  try {
    await handle.writeFile(text)
    const patience = performance.now() + ABANDONED_BY_LAUNCH_MS
    // A link is made whole or not at all, and only where the file does not exist.
    while (!(await succeeds('EEXIST', link(own, path)))) {
      if (performance.now() < patience && (await isOfOwnLaunch(path, clock))) await sleep(GUARD_MS)
      else await removeAbandoned(what, path, { own, clock })
    }
  } catch (error) {
    await handle.close()
    throw error
  } finally {
    await unlink(own)
  }
  return new HeldLock(path, { what, holder, handle, text })
}

class HeldLock implements Lock {
  readonly #path: string
  readonly #what: string
  readonly #holder: Holder
  readonly #handle: FileHandle
  readonly #timer: NodeJS.Timeout
  #released: Promise<void> | undefined

  constructor(
    path: string,
    { what, holder, handle, text }: { what: string; holder: Holder; handle: FileHandle; text: string },
  ) {
    this.#path = path
    this.#what = what
    this.#holder = holder
    this.#handle = handle
    // Written through the handle, to the file of this lock and of no other; the clock is that of the file system.
    const touch = () => handle.write(text, 0).catch(() => undefined) // a lock that ages is found by requireHeld
    this.#timer = setInterval(touch, TOUCH_MS)
    this.#timer.unref()
  }

  requireHeld(): void {
    const text = this.#read()
    const other = text === undefined ? undefined : parse(text)
    if (other?.token === this.#holder.token) return
    const now = text === undefined ? 'nobody holds it' : `it is held by ${nameOf(other)}`
    throw new DataError(
      `The lock of the ${this.#what} is no longer held by this process (${this.#holder.pid} on ${this.#holder.host}, since ${this.#holder.since}): ${now}.`,
      {
        remedy:
          'Nothing more is written. See which process writes there now; do not delete the lock of one that lives.',
      },
    )
  }

  release(): Promise<void> {
    this.#released ??= this.#release()
    return this.#released
  }

  async #release(): Promise<void> {
    clearInterval(this.#timer)
    await this.#handle.close()
    const text = this.#read()
    if (text === undefined || parse(text)?.token !== this.#holder.token) return
    await succeeds('ENOENT', unlink(this.#path))
  }

  /** At once: between the look and the write that follows, nothing else of this process runs. */
  #read(): string | undefined {
    let file: number
    try {
      // What somebody has put in its place may be a pipe, whose other end is not waited for.
      file = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    try {
      return fstatSync(file).isFile() ? readFileSync(file, 'utf8') : ''
    } finally {
      closeSync(file)
    }
  }
}

/**
 * Removes the lock if its process is gone. One process at a time may do so, the one that has the guard: otherwise a slow
 * one could remove the lock that a faster one has put in place of the same abandoned lock.
 */
async function removeAbandoned(
  what: string,
  path: string,
  { own, clock }: { own: string; clock: Clock },
): Promise<void> {
  refuseHeld(what, path, await stateOf(path, clock))
  const guard = `${path}.guard`
  if (!(await succeeds('EEXIST', link(own, guard)))) {
    // Another process is at it; one that has died over it leaves the guard.
    if ((await stateOf(guard, clock)) === 'abandoned') await succeeds('ENOENT', unlink(guard))
    await sleep(GUARD_MS)
    return
  }
  try {
    const state = await stateOf(path, clock)
    refuseHeld(what, path, state)
    if (state === 'abandoned') await succeeds('ENOENT', unlink(path))
  } finally {
    await unlink(guard)
  }
}

/** Whether a process of the same launch on another machine has the lock, and has been silent for too short to tell. */
async function isOfOwnLaunch(path: string, clock: Clock): Promise<boolean> {
  const state = await stateOf(path, clock)
  if (typeof state === 'string' || state.holder?.launch === undefined) return false
  return state.holder.launch === ownLaunch() && !isOfThisMachine(state.holder)
}

/** The name of the launch that this process belongs to: not unique in time where its user reuses it. */
function ownLaunch(): string | undefined {
  const name = process.env.TORCHELASTIC_RUN_ID
  return name === '' || name === 'none' ? undefined : name
}

/**
 * Whether a process that lives holds the lock.
 *
 * @throws DataError where what has the name of the lock is not a file that can be read
 */
export async function isLocked(path: string): Promise<boolean> {
  return typeof (await stateOf(path)) !== 'string'
}

type State = 'free' | 'abandoned' | { readonly holder: Holder | undefined }

async function stateOf(path: string, clock = ownClock): Promise<State> {
  const text = await readText(path, { refuse: unreadable(path), most: MOST_LOCK_BYTES })
  if (text === undefined) return 'free'
  const holder = parse(text)
  return holder !== undefined && !(await isRunning(holder, path, clock)) ? 'abandoned' : { holder }
}

/** Nobody can tell who holds it. */
function unreadable(path: string): Refuse {
  return (reason, cause) =>
    new DataError(`The lock ${path} ${reason}.`, {
      remedy: 'Delete it if no other process writes there, or choose another output.',
      cause,
    })
}

function refuseHeld(what: string, path: string, state: State): void {
  if (typeof state === 'string') return
  throw new ConfigError(`The ${what} is being written by ${nameOf(state.holder)}.`, {
    remedy: `Wait for it or choose another output; delete ${path} if that process is gone.`,
  })
}

function nameOf(holder: Holder | undefined): string {
  if (holder === undefined) return 'a process that its lock does not name'
  return `process ${holder.pid} on ${holder.host}, since ${holder.since}`
}

async function isRunning(holder: Holder, path: string, clock: Clock): Promise<boolean> {
  const { launch } = holder
  if (!isOfThisMachine(holder)) {
    const isOfOwn = launch !== undefined && launch === ownLaunch()
    return (await ageMs(path, clock)) < (isOfOwn ? ABANDONED_BY_LAUNCH_MS : ABANDONED_MS)
  }
  return isAlive(holder)
}

/** The time by which a lock of another machine is judged. */
type Clock = () => Promise<number>

/** Of this machine: good enough to look, for who must not write beside the lock. */
const ownClock: Clock = async () => Date.now()

/** Of the file system that a file is on: the clocks of two machines may differ by minutes. */
function fileSystemClock(handle: FileHandle, text: string): Clock {
  return async () => {
    await handle.write(text, 0)
    return (await handle.stat()).mtimeMs
  }
}

async function ageMs(path: string, clock: Clock): Promise<number> {
  const touchedMs = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.NEGATIVE_INFINITY,
  )
  return (await clock()) - touchedMs
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
