import { inspect } from 'node:util'
import { type Argument, Command, CommanderError } from 'commander'
import { FtCadisError, InterruptedError, PythonError } from '../errors'
import { didYouMean } from '../files/nearest-name'
import { say } from '../terminal/print'
import { interruptionExitCode } from './interruption'

/** Exit code for an unknown command, option or value. */
const USAGE_EXIT_CODE = 2

/** Whether `--traceback` is given. */
let showsTraceback = false

/**
 * Creates a program, the command line or an example, whose usage errors reach `runMain` instead of ending the process:
 * commander prints the error and the hint below, and `runMain` sets the exit code.
 */
export function createProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({
      writeErr: text => say(text.replace(/\n$/, '')),
      outputError: (text, write) => write(withSuggestion(text)),
    })
    .configureHelp({
      showGlobalOptions: true,
      // Omits `[options]`, which every command has, to leave room for the description in 80 columns.
      subcommandTerm: command =>
        [command.name(), ...command.registeredArguments.map(humanReadable)].join(' '),
    })
    .option('--traceback', 'show where an error occurred, in TypeScript and in Python')
    .on('option:traceback', () => {
      showsTraceback = true
    })
    .showHelpAfterError('Run it with --help for the commands and options there are.')
}

function humanReadable(argument: Argument): string {
  const name = argument.variadic ? `${argument.name()}...` : argument.name()
  return argument.required ? `<${name}>` : `[${name}]`
}

/** Adds the probably intended value to commander's message about an invalid choice. */
function withSuggestion(text: string): string {
  const [, value, choices] =
    /argument '([\s\S]*)' is invalid\. Allowed choices are (.*)\.\n$/.exec(text) ?? []
  if (value === undefined || choices === undefined) return text
  return `${text.trimEnd()}${didYouMean(value, choices.split(', '))}\n`
}

/**
 * Runs a program; the only place that prints errors and sets the exit code. An error is one message on stderr and exit
 * code 1, with `--traceback` also its origin. An interrupted run exits with the code of its reason, a usage error with 2.
 * Never rejects, and lets the process end when nothing is left to do, so that everything open is closed first.
 */
export async function runMain(main: () => Promise<unknown>): Promise<void> {
  const uncaught = (error: unknown) => process.exit(report(error))
  process.on('uncaughtException', uncaught)
  // Kept: later writes may fail after the end of the program.
  if (!process.stdout.listeners('error').includes(endQuietly)) process.stdout.once('error', endQuietly)
  try {
    await main()
  } catch (error) {
    process.exitCode = report(error)
  } finally {
    process.off('uncaughtException', uncaught)
  }
}

/** Ends a program whose reader has gone, such as `head`, with the exit code of SIGPIPE, as the system does by default. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(141)
  process.exit(report(error))
}

function report(error: unknown): number {
  // Commander has already printed its message. Help and version also arrive here, with exit code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE
  if (error instanceof InterruptedError) {
    say(error.message)
    return interruptionExitCode(error.reason)
  }
  say(`error: ${messageOf(error)}`)
  if (showsTraceback) say(tracebackOf(error))
  return 1
}

function messageOf(error: unknown): string {
  if (error instanceof FtCadisError) return error.message
  const { code, syscall } = Object(error) as NodeJS.ErrnoException
  if (error instanceof Error && syscall !== undefined) {
    return `The system refuses ${syscall}: ${error.message}. ${SYSTEM_REMEDIES[code ?? ''] ?? 'Look at what it names.'}`
  }
  return `${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}. This is a defect of the program; to report it, add what --traceback shows.`
}

/** Remedies for system errors that no other code handles. */
const SYSTEM_REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'Correct the permissions.',
  EPERM: 'Correct the permissions.',
  ENOENT: 'Check the path.',
  ENOTDIR: 'Check the path.',
  EISDIR: 'Name a file.',
  EMFILE: 'Raise the limit of open files (`ulimit -n`).',
  ENOSPC: 'Make room on the disk.',
  EROFS: 'Name a place that can be written.',
}

/** Formats the stack of an error and its causes. */
function tracebackOf(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error)
  const python = error instanceof PythonError ? [`In Python:\n${error.traceback}`] : []
  const cause = error.cause === undefined ? [] : [`Caused by ${tracebackOf(error.cause)}`]
  const stack = error instanceof FtCadisError ? error.fullStack : (error.stack ?? error.message)
  return [stack, ...python, ...cause].join('\n')
}
