import { inspect } from 'node:util'
import { PACKAGE_FOLDER } from './files/package-folder'
import { visibleMessage } from './files/visible-text'

/** The properties of every error of this package besides its message. */
export interface ErrorDetails {
  /** The remedy: one imperative sentence, shown at the end of the message. */
  readonly remedy: string
  /** The underlying error, if any. */
  readonly cause?: unknown
}

/**
 * Base class of every error that this package throws on purpose. Its message has the subject, the expected and the actual
 * value, and ends with the remedy. Scripts should compare `code`, which is stable across versions.
 *
 * If uncaught, Node shows `stack`: the message, and the frames of the caller's own files.
 */
export abstract class FtCadisError extends Error {
  abstract readonly code: string
  declare readonly remedy: string
  /** The stack including the frames of this package, its dependencies and Node. */
  declare readonly fullStack: string

  constructor(what: string, { remedy, cause }: ErrorDetails) {
    super(joined(what, remedy), cause === undefined ? undefined : { cause })
    this.name = new.target.name
    const fullStack = this.stack ?? ''
    setHidden(this, {
      ...{ name: this.name, remedy, fullStack },
      stack: [visibleMessage(`${this.name}: ${this.message}`), ...ownFrames(fullStack)].join('\n'),
    })
  }

  [inspect.custom](): string {
    return this.stack ?? this.message
  }
}

/** Sets properties that are not listed when an error is displayed: its message contains them. */
function setHidden(error: Error, properties: object): void {
  for (const [key, value] of Object.entries(properties)) {
    Object.defineProperty(error, key, { value, enumerable: false, configurable: true, writable: true })
  }
}

function joined(what: string, remedy: string): string {
  if (what.endsWith('\n')) return `${what}${remedy}`
  return `${/[.!?:]$/.test(what) ? what : `${what}.`} ${remedy}`
}

/** Returns the frames of a stack outside this package, its dependencies and Node. */
function ownFrames(stack: string): string[] {
  const frames = stack.split('\n').filter(line => /^ +at .*:\d+:\d+\)?$/.test(line))
  const others = ['node:', 'src', 'dist', 'node_modules'].map((place, position) =>
    position === 0 ? place : `${PACKAGE_FOLDER}/${place}/`,
  )
  return frames.filter(frame => !others.some(place => frame.includes(place)))
}

/** A setting, an option or an argument is invalid. */
export class ConfigError extends FtCadisError {
  readonly code = 'CONFIG'
}

/** A tensor has other axes than a function expects. Thrown while recording, before anything is sent to Python. */
export class ShapeError extends FtCadisError {
  readonly code = 'SHAPE'
}

/** Python did not start: no interpreter, a missing package, a failing import. */
export class PythonStartError extends FtCadisError {
  readonly code = 'PYTHON_START'
}

/** The failing instruction in Python, and its error. */
export interface PythonFailure {
  /** Class of the Python exception, for instance `RuntimeError` or `OutOfMemoryError`. */
  readonly pythonType: string
  /** Text of the Python exception. */
  readonly pythonMessage: string
  /** The Python traceback. */
  readonly traceback: string
  /** Name of the instruction that failed, for instance `matmul`. */
  readonly operation: string
  /** The TypeScript line that recorded the failing instruction, as `file:line:column`. */
  readonly recordedAt: string
}

/** An instruction raised an exception in Python. The process continues; the result of the instruction does not exist. */
export class PythonError extends FtCadisError {
  readonly code = 'PYTHON'
  declare readonly pythonType: string
  declare readonly pythonMessage: string
  declare readonly traceback: string
  declare readonly operation: string
  declare readonly recordedAt: string

  constructor(failure: PythonFailure, { remedy }: ErrorDetails) {
    super(
      `${failure.pythonType} in ${failure.operation}, recorded at ${failure.recordedAt}: ${failure.pythonMessage}`,
      { remedy },
    )
    setHidden(this, failure)
  }
}

/** The Python process has ended: killed, out of memory, crashed, or closed while an answer was pending. */
export class PythonExitError extends FtCadisError {
  readonly code = 'PYTHON_EXIT'
  declare readonly exitCode: number | null
  declare readonly signal: NodeJS.Signals | null
  /** The last lines of Python's output. */
  declare readonly output: readonly string[]

  constructor(
    exit: { exitCode: number | null; signal: NodeJS.Signals | null; output: readonly string[] },
    details: ErrorDetails,
  ) {
    const how = exit.signal === null ? `with exit code ${exit.exitCode}` : `on signal ${exit.signal}`
    const said = exit.output.length === 0 ? '' : ` Its last lines were:\n${exit.output.join('\n')}\n`
    super(`The Python process ended ${how}.${said}`, details)
    setHidden(this, exit)
  }
}

/** A checkpoint or a weight file is missing, damaged, or belongs to something else. */
export class CheckpointError extends FtCadisError {
  readonly code = 'CHECKPOINT'
}

/** A data set, a log or a fixture file is missing, damaged, or not what its name says. */
export class DataError extends FtCadisError {
  readonly code = 'DATA'
}

/** A loss or a gradient is NaN or infinite. */
export class NonFiniteLossError extends FtCadisError {
  readonly code = 'NON_FINITE_LOSS'
}

/** A run was interrupted. It stopped after a complete update, with a checkpoint to resume from. */
export class InterruptedError extends FtCadisError {
  readonly code = 'INTERRUPTED'
  /** The reason: the name of a signal, or `time limit`. */
  readonly reason: string

  constructor(reason: string, { what, ...details }: ErrorDetails & { readonly what: string }) {
    super(what, details)
    this.reason = reason
  }
}

/** Another rank of the launch has ended; the message names it. */
export class RankLostError extends FtCadisError {
  readonly code = 'RANK_LOST'
}

/** A certificate is false: a perturbation within its radius changes the class. */
export class BrokenCertificateError extends FtCadisError {
  readonly code = 'BROKEN_CERTIFICATE'
}
