import { dirname, join, relative, sep } from 'node:path'

/** A point in the TypeScript code, stored cheaply: the text of the stack is only computed if an error needs it. */
export type CallSite = { readonly stack?: string }

/** Folders whose frames record for other code. */
const RECORDING_FOLDERS = ['bridge', 'torch'].map(folder => join(dirname(__dirname), folder) + sep)

/** Frames in a call site: enough to leave the recording folders, with at most eight calls between a user's line and the capture. */
const DEPTH = 10

/** Captures the caller's position. */
export function captureCallSite(): CallSite {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = DEPTH
  const site: CallSite = {}
  Error.captureStackTrace(site, captureCallSite)
  Error.stackTraceLimit = limit
  return site
}

/** Returns the first line outside the recording folders: `file:line:column`, with the file relative to the working directory. */
export function describeCallSite(site: CallSite): string {
  // Built-ins that call a callback have no position.
  const frames = (site.stack ?? '').split('\n').filter(line => /:\d+:\d+\)?$/.test(line))
  const frame =
    frames.find(line => !RECORDING_FOLDERS.some(folder => line.includes(folder))) ?? frames[0] ?? ''
  const [, file, position] = /(?:\(|at (?:async )?|file:\/\/)([^()]*?)(:\d+:\d+)\)?$/.exec(frame) ?? []
  if (file === undefined) return frame.trim()
  return `${relative(process.cwd(), file.replace(/^file:\/\//, ''))}${position}`
}
