import { type Command, Option } from 'commander'
import type { FinetuneHooks } from '../training/hooks'
import { interruptible } from './interruption'
import { parseNumber, parseNumbers } from './option-values'
import { createProgram, runMain } from './program'
import { addRunOptions, type RunOptions, runHooks } from './run-options'

interface Described {
  /** Description in `--help`. */
  readonly description: string
  /** Name of the value in `--help`, for instance `folder`. */
  readonly value?: string
}

interface NumberRange {
  readonly min?: number
  readonly max?: number
  /** Whether to accept only integers. Default false. */
  readonly integer?: boolean
}

/** An option of a program. If it has no default and is omitted, its value is undefined. */
export type ProgramOption =
  | (Described & { readonly type: 'string'; readonly default?: string })
  | (Described & NumberRange & { readonly type: 'number'; readonly default?: number })
  /** Distinct numbers, separated by commas. */
  | (Described & NumberRange & { readonly type: 'numbers'; readonly default?: readonly number[] })
  /** A flag. */
  | { readonly type: 'boolean'; readonly description: string }

/** The options of a program: `testImages` becomes `--test-images`. */
export type ProgramOptions = { readonly [name: string]: ProgramOption }

/** The values of a program's options. */
export type ProgramValues<O extends ProgramOptions> = {
  readonly [K in keyof O]: O[K] extends { readonly default: unknown } | { readonly type: 'boolean' }
    ? ValueOf<O[K]>
    : ValueOf<O[K]> | undefined
}

type ValueOf<O extends ProgramOption> = {
  readonly string: string
  readonly number: number
  readonly numbers: readonly number[]
  readonly boolean: boolean
}[O['type']]

/** Your own program. */
export interface OwnProgram<O extends ProgramOptions> {
  /** Name of the program in its help. */
  readonly name: string
  /** One sentence about the program. */
  readonly description: string
  readonly options: O
  /** Whether it also has the options of a run: `--resume`, `--replace`, `--max-hours`, `--quiet`, `--json`, … Default false. */
  readonly takesRunOptions?: boolean
  /**
   * What the program does before it stops when interrupted, for instance by Ctrl-C. The first interruption aborts the
   * signal; a second one ends the program at once. Default: the first one ends it.
   */
  readonly stopping?: string
}

/** The context of a program besides its options. */
export interface ProgramContext {
  /** Aborted when the program is asked to stop; see `stopping`. */
  readonly signal: AbortSignal
  /** The hooks for `finetune` from the options of a run, including the signal. */
  readonly hooks: Pick<
    FinetuneHooks,
    'existing' | 'maxHours' | 'onNonFinite' | 'acceptChangedHooks' | 'progress' | 'watchers' | 'signal'
  >
}

/**
 * Runs your own program like a command of the command line: parses and validates options, answers `--help`, stops
 * cleanly, prints an error as one message and sets the exit code.
 *
 * @example
 * void runProgram(
 *   {
 *     name: 'count',
 *     description: 'Counts.',
 *     options: { to: { type: 'number', description: 'where to stop', min: 1, integer: true, default: 3 } },
 *   },
 *   async ({ to }) => console.log(Array.from({ length: to }, (_, index) => index + 1).join(' ')),
 * )
 */
export async function runProgram<const O extends ProgramOptions>(
  { name, description, options, takesRunOptions = false, stopping }: OwnProgram<O>,
  main: (values: ProgramValues<O>, context: ProgramContext) => Promise<unknown>,
): Promise<void> {
  await runMain(async () => {
    const program = createProgram(name, description)
    for (const [key, option] of Object.entries(options)) addOption(program, key, option)
    if (takesRunOptions) addRunOptions(program)
    program.action(async (values: ProgramValues<O> & RunOptions) => {
      const hooks = takesRunOptions ? runHooks(values) : {}
      const begin = (signal: AbortSignal) => main(values, { signal, hooks: { ...hooks, signal } })
      if (stopping === undefined) await begin(new AbortController().signal)
      else await interruptible(stopping, begin)
    })
    await program.parseAsync()
  })
}

function addOption(program: Command, key: string, option: ProgramOption): void {
  const flag = `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
  const { type, description } = option
  if (type === 'boolean') {
    program.addOption(new Option(flag, description).default(false))
    return
  }
  const { value = type === 'number' && option.integer === true ? 'count' : type } = option
  const typed = new Option(`${flag} <${value}>`, description)
  if (type === 'number') typed.argParser(parseNumber(option))
  if (type === 'numbers') typed.argParser(parseNumbers(option))
  if (option.default !== undefined) typed.default(option.default)
  program.addOption(typed)
}
