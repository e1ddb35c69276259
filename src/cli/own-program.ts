import { type Command, Option } from 'commander'
import type { FinetuneHooks } from '../training/hooks'
import { interruptible } from './interruption'
import { parseNumber, parseNumbers } from './option-values'
import { createProgram, runMain } from './program'
import { addRunOptions, type RunOptions, runHooks } from './run-options'

interface Described {
  /** What `--help` says of it. */
  readonly description: string
  /** What `--help` calls the value, `folder` for instance. */
  readonly value?: string
}

interface NumberRange {
  readonly min?: number
  readonly max?: number
  /** Whether only whole numbers are taken. Default false. */
  readonly integer?: boolean
}

/** An option of your own program. One without a default may be left out, and is undefined then. */
export type ProgramOption =
  | (Described & { readonly type: 'string'; readonly default?: string })
  | (Described & NumberRange & { readonly type: 'number'; readonly default?: number })
  /** Different numbers with commas between. */
  | (Described & NumberRange & { readonly type: 'numbers'; readonly default?: readonly number[] })
  /** Given or not. */
  | { readonly type: 'boolean'; readonly description: string }

/** The options of a program: `testImages` is `--test-images`. */
export type ProgramOptions = { readonly [name: string]: ProgramOption }

/** What the options of a program come to. */
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
  /** One sentence about it. */
  readonly description: string
  readonly options: O
  /** Whether it has also the options of a run: `--resume`, `--replace`, `--max-hours`, `--quiet`, `--json`, … Default false. */
  readonly takesRunOptions?: boolean
  /**
   * What is done before the program stops when it is asked to, by Ctrl-C for instance; that aborts the signal, and a second
   * one ends the program at once. Default: the first one ends it.
   */
  readonly stopping?: string
}

/** What a program is given beside its options. */
export interface ProgramContext {
  /** Aborted when the program is asked to stop; see `stopping`. */
  readonly signal: AbortSignal
  /** What the options of a run ask of `finetune`, its signal too. */
  readonly hooks: Pick<
    FinetuneHooks,
    'existing' | 'maxHours' | 'onNonFinite' | 'acceptChangedHooks' | 'progress' | 'watchers' | 'signal'
  >
}

/**
 * Runs your own program as the command line runs its commands: reads options, checks their values, answers `--help`,
 * stops in order, prints an error as one message and sets the exit code.
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
