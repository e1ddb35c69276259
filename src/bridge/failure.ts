import {
  CheckpointError,
  ConfigError,
  DataError,
  type ErrorDetails,
  type FtCadisError,
  PythonError,
  PythonStartError,
  RankLostError,
} from '../errors'
import { type CallSite, describeCallSite } from './call-site'
import type { Failure, PythonException } from './program'

type KnownError = new (what: string, details: ErrorDetails) => FtCadisError

/**
 * Exceptions that the Python side raises deliberately. The last sentence of their text is the remedy. If the text has only one sentence,
 * which gives the expectation, the remedy here applies.
 */
const ERROR_OF_TYPE: Readonly<Record<string, readonly [KnownError, remedy: string]>> = {
  SpecError: [ConfigError, 'Correct this setting.'],
  WeightsError: [CheckpointError, 'Give another file.'],
  DatasetError: [DataError, 'Correct the data, or give others.'],
  CorruptImageError: [DataError, 'Replace or remove the file.'],
  EndOfData: [DataError, 'Begin the next epoch.'],
  EventFileError: [DataError, 'Make room, or correct the permissions.'],
  RankLostError: [RankLostError, 'Start all processes again.'],
}

/**
 * Returns the error for a rejected read. `callSite` is where the failing instruction was recorded; undefined if a value could not be read.
 */
export function errorOf(failure: Failure, callSite: CallSite | undefined): FtCadisError {
  const pythonError = new PythonError(
    {
      pythonType: failure.type,
      pythonMessage: failure.message,
      traceback: failure.traceback,
      operation: failure.operation,
      recordedAt: callSite === undefined ? 'the read' : describeCallSite(callSite),
    },
    { remedy: remedyFor(failure) },
  )
  const [Known, usual] = ERROR_OF_TYPE[failure.type] ?? []
  if (Known === undefined || usual === undefined) return pythonError
  return knownError(Known, { usual, cause: pythonError })
}

/** The last sentence is the remedy. */
function knownError(
  Known: KnownError,
  { usual, cause }: { readonly usual: string; readonly cause: PythonError },
): FtCadisError {
  const { pythonMessage } = cause
  const [, what = pythonMessage, remedy = usual] = /^(.*[.!?])\s+(\S.*)$/s.exec(pythonMessage) ?? []
  return new Known(what, { remedy, cause })
}

/**
 * Returns the error for a rejected connection if the interpreter runs but this package's host does not start, because of the caller's
 * options or something missing in the interpreter.
 */
export function startErrorOf(
  { type, message, traceback }: PythonException,
  interpreter: string,
): FtCadisError {
  const remedy = `Run \`npx ft-cadis doctor --python ${interpreter}\` to see what it has and what is missing.`
  const cause = new PythonError(
    { pythonType: type, pythonMessage: message, traceback, operation: 'start', recordedAt: 'connect' },
    { remedy },
  )
  const [Known, usual] = ERROR_OF_TYPE[type] ?? []
  if (Known !== undefined && usual !== undefined) return knownError(Known, { usual, cause })
  return new PythonStartError(`${interpreter} cannot run ft-cadis: ${type}: ${message}`, { remedy, cause })
}

/** Messages of torch's exceptions if the device or the host runs out of memory. */
const OUT_OF_MEMORY = /out of memory|can't allocate memory|not enough memory|CUBLAS_STATUS_ALLOC_FAILED/i

/** Returns whether a read was rejected for lack of memory, on the device or the host. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof PythonError && lacksMemory(error.pythonType, error.pythonMessage)
}

function lacksMemory(type: string, message: string): boolean {
  return type === 'OutOfMemoryError' || OUT_OF_MEMORY.test(message)
}

function remedyFor({ type: pythonType, message }: PythonException): string {
  if (lacksMemory(pythonType, message)) return 'Use a smaller batch, or a narrower dtype.'
  if (pythonType === 'UnmadeValueError') return 'Mend the first failure; this one follows from it.'
  return 'To see where in Python: --traceback on the command line, the property `traceback` in a script.'
}
