import { randomUUID } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { type FileHandle, link, open, stat, unlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError, DataError } from '../errors'
import { isAlive, isOfThisMachine, type ProcessIdentity, thisProcess } from './processes'
import { type Refuse, readText } from './read-text'

/** The writer, as recorded in the lock. */
interface Holder extends ProcessIdentity {
  /** Random and unique per lock: with it, a holder recognises its own lock. Absent in earlier locks. */
  readonly token?: string
  readonly since: string
  /** Name of the launch of the process; absent outside a launch. */
  readonly launch?: string
}

/** How often a held lock is touched. */
const TOUCH_MS = 20_000

/** How long to wait for a process that removes an abandoned lock. */
const GUARD_MS = 10

/** A lock of another machine, whose processes are not visible, counts as abandoned after this time without a touch. */
const ABANDONED_MS = 6 * TOUCH_MS

/**
 * The same for a lock of a launch with the same name as that of this process: a launcher restarts its ranks when all have
 * ended, possibly on other machines. This process waits for such a lock, because a live launch keeps touching it.
 */
const ABANDONED_BY_LAUNCH_MS = 1.5 * TOUCH_MS

/** Largest size of a lock in bytes; this version writes some hundred. */
const MOST_LOCK_BYTES = 100_000

/** A lock that this process holds, or held until another one took it over. */
export interface Lock {
  /**
   * Call before every write to the locked file. A process that was suspended for minutes may have lost its lock.
   *
   * @throws DataError if the lock was removed or taken over
   */
  requireHeld(): void
  /** Releases the lock, unless another process has taken it over. Safe to call twice. */
  release(): Promise<void>
}

/**
 * Prevents two processes from writing the same file. Takes over a lock whose process has ended, for example by `kill -9`,
 * or that the same launch left on another machine, because a launcher restarts its processes when all have ended.
 *
 * @param path - The lock's own file.
 * @param what - The locked file, for the message: `log runs/a.tsv`.
 * @throws ConfigError naming the process that holds it; DataError if the path of the lock is not a readable file
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
    // Creating a link is atomic, and fails if the file exists.
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
    // Writes through the handle, to this lock's file and no other, with the clock of the file system.
    const touch = () => handle.write(text, 0).catch(() => undefined) // requireHeld detects a lock that is no longer touched
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

  /** Synchronous: nothing else in this process runs between this check and the following write. */
  #read(): string | undefined {
    let file: number
    try {
      // A replacement may be a pipe, which must not block.
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
 * Removes the lock if its process has ended. Only the process with the guard may do so; otherwise a slow process could
 * remove the new lock with which a faster one replaced the abandoned one.
 */
async function removeAbandoned(
  what: string,
  path: string,
  { own, clock }: { own: string; clock: Clock },
): Promise<void> {
  refuseHeld(what, path, await stateOf(path, clock))
  const guard = `${path}.guard`
  if (!(await succeeds('EEXIST', link(own, guard)))) {
    // Another process is removing it; if that process dies, the guard remains.
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

/** Returns whether a process of the same launch on another machine may still hold the lock: its silence is too short to tell. */
async function isOfOwnLaunch(path: string, clock: Clock): Promise<boolean> {
  const state = await stateOf(path, clock)
  if (typeof state === 'string' || state.holder?.launch === undefined) return false
  return state.holder.launch === ownLaunch() && !isOfThisMachine(state.holder)
}

/** Returns the name of the launch of this process; not unique over time if the user reuses it. */
function ownLaunch(): string | undefined {
  const name = process.env.TORCHELASTIC_RUN_ID
  return name === '' || name === 'none' ? undefined : name
}

/**
 * Returns whether a live process holds the lock.
 *
 * @throws DataError if the path of the lock is not a readable file
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

/** Refuses a lock whose holder cannot be determined. */
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

/** The clock for judging a lock of another machine. */
type Clock = () => Promise<number>

/** This machine's clock: accurate enough to check whether a lock is held. */
const ownClock: Clock = async () => Date.now()

/** Returns the clock of a file's file system: the clocks of two machines may differ by minutes. */
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

/** Returns whether a file operation succeeds; false for the error that means that another process was faster. */
async function succeeds(code: string, operation: Promise<void>): Promise<boolean> {
  try {
    await operation
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false
    throw error
  }
}
