import { inspect } from 'node:util'
import { Command, CommanderError } from 'commander'
import { FtCadisError, InterruptedError } from '../errors'
import { say } from '../terminal/print'
import { interruptionExitCode } from './interruption'

/** What was typed is not a command, an option or a value that the program takes. */
const USAGE_EXIT_CODE = 2

/**
 * A program, the command line or an example, whose usage errors reach `runMain` instead of ending the process:
 * commander prints what is wrong, the hint below, and `runMain` sets the exit code.
 */
export function createProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ writeErr: text => say(text.replace(/\n$/, '')) })
    .showHelpAfterError('Run it with --help for the commands and options there are.')
}

/**
 * Runs a program; the one place that prints errors and sets the exit code. An error that this package throws on purpose
 * is one message on stderr and exit code 1; a run that was asked to stop, the exit code of what asked; a usage error, 2; anything else is a defect and shows its stack.
 * Never rejects, and leaves the process to end by itself, so that what is open is closed first.
 */
export async function runMain(main: () => Promise<unknown>): Promise<void> {
  try {
    await main()
  } catch (error) {
    process.exitCode = report(error)
  }
}

function report(error: unknown): number {
  // Commander has printed its message already. Help and version come this way too, with exit code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE
  if (error instanceof InterruptedError) {
    say(error.message)
    return interruptionExitCode(error.reason)
  }
  say(error instanceof FtCadisError ? `error: ${error.message}` : inspect(error))
  return 1
}
