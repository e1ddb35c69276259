export interface ConnectOptions {
  /** Interpreter to use; without it the order of `resolveInterpreter` applies. */
  readonly python?: string | undefined
  /** Torch device: `auto` is CUDA where there is one, on launched ranks a GPU for each. Default `auto`. */
  readonly device?: string | undefined
  /** Threads that torch uses inside one operation on the CPU. Default: torch's own choice. */
  readonly threads?: number | undefined
  /** Called with every line that Python, or a library in it, prints. Default: the last lines are kept for errors. */
  readonly onOutput?: ((line: string) => void) | undefined
}

/** What the Python process says about itself when it starts. */
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
  /** Time that making the programs' texts took, in milliseconds. */
  encodedMs: number
  /** Time between sending programs and having their answers, in milliseconds. */
  waitedMs: number
  /** The part of it that Python spent running programs, in milliseconds. */
  pythonMs: number
  /** Time that taking the answers' texts apart took, in milliseconds. */
  decodedMs: number
}

/** Told when torch begins to compile a network, and when it has. */
export type CompilingWatcher = (isCompiling: boolean) => void
