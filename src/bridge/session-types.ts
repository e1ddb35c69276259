export interface ConnectOptions {
  /** Interpreter to use; by default, the order of `resolveInterpreter` applies. */
  readonly python?: string | undefined
  /** Torch device: `auto` is CUDA if available, on launched ranks one GPU each. Default `auto`. */
  readonly device?: string | undefined
  /** Threads within one torch operation on the CPU. Default: torch's own choice. */
  readonly threads?: number | undefined
  /** Called with every line that Python or one of its libraries prints. Default: the last lines are kept for errors. */
  readonly onOutput?: ((line: string) => void) | undefined
}

/** Information about the Python process at its start. */
export interface SessionInfo {
  readonly device: string
  readonly deviceName: string
  readonly python: string
  readonly torch: string
  readonly cuda: string | null
  readonly threads: number
}

/** Running totals of a session, for benches and logs. */
export interface SessionCounters {
  /** Programs sent and answered. */
  roundTrips: number
  /** Instructions sent. */
  instructions: number
  /** Size of the programs' texts. */
  sentBytes: number
  /** Size of the answers' texts. */
  receivedBytes: number
  /** Time to encode programs, in milliseconds. */
  encodedMs: number
  /** Time between sending programs and receiving their answers, in milliseconds. */
  waitedMs: number
  /** The part of it in which Python ran programs, in milliseconds. */
  pythonMs: number
  /** Time to decode answers, in milliseconds. */
  decodedMs: number
}

/** Called when torch starts and finishes compiling a network. */
export type CompilingWatcher = (isCompiling: boolean) => void
