import { dirname, join, relative, sep } from 'node:path'

/** A point in the TypeScript code, kept cheaply: the text of the stack is only made when an error needs it. */
export type CallSite = { readonly stack?: string }

/** Folders whose frames record on behalf of others. */
const RECORDING_FOLDERS = ['bridge', 'torch'].map(folder => join(dirname(__dirname), folder) + sep)

/**
 * Frames that a call site keeps: enough to leave the recording folders, where at most eight calls lie between a user's
 * line and the capture.
 */
const DEPTH = 10

/** Remembers where the caller is. */
export function captureCallSite(): CallSite {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = DEPTH
  const site: CallSite = {}
  Error.captureStackTrace(site, captureCallSite)
  Error.stackTraceLimit = limit
  return site
}

/** How many places are remembered; beyond that, programs are too various for remembering to pay. */
const PLACES = 50_000

/**
 * The stack is walked anew for so many instructions of each program. Short programs are often alike and of different lines;
 * long ones that begin alike are the same.
 */
const WALKED = 12

/** An instruction of a program: what tells it from others after the same instructions, and where it was recorded. */
interface Place {
  readonly key: string
  readonly site: CallSite
  /** Another instruction that has come in its stead. */
  readonly other: Place | undefined
  /** What has come next. */
  next: Place | undefined
}

/**
 * The call sites of programs that are recorded again and again. Walking the stack takes most of the time of recording,
 * and a step's program is the same every time: an instruction that comes after the same {@link WALKED} or more
 * instructions, on the same values, as one before is taken to be of the same line.
 */
export class CallSites {
  readonly #start: Pick<Place, 'next'> = { next: undefined }
  #last = this.#start
  #depth = 0
  #places = 0

  /** A new program begins. */
  restart(): void {
    this.#last = this.#start
    this.#depth = 0
  }

  /** Where the next instruction of the program is recorded; `key` tells it from others at its place. */
  at(key: string): CallSite {
    let place = this.#last.next
    while (place !== undefined && place.key !== key) place = place.other
    if (place === undefined) {
      place = { key, site: captureCallSite(), other: this.#last.next, next: undefined }
      if (this.#places < PLACES) {
        this.#last.next = place
        this.#places += 1
      }
    }
    this.#last = place
    this.#depth += 1
    return this.#depth > WALKED ? place.site : captureCallSite()
  }
}

/** The first line outside of the folders that record: `file:line:column`, the file relative to the working directory. */
export function describeCallSite(site: CallSite): string {
  // Built-ins that call a callback have no position.
  const frames = (site.stack ?? '').split('\n').filter(line => /:\d+:\d+\)?$/.test(line))
  const frame =
    frames.find(line => !RECORDING_FOLDERS.some(folder => line.includes(folder))) ?? frames[0] ?? ''
  const [, file, position] = /(?:\(|at (?:async )?|file:\/\/)([^()]*?)(:\d+:\d+)\)?$/.exec(frame) ?? []
  if (file === undefined) return frame.trim()
  return `${relative(process.cwd(), file.replace(/^file:\/\//, ''))}${position}`
}
