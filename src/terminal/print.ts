import { visibleLine, visibleMessage, visibleText } from '../files/visible-text'

/**
 * All terminal output of this package is written here, or by `live-line.ts`, so that names and messages cannot control
 * the terminal.
 */

/** Writes lines for people to stdout. */
export function print(text: string): void {
  console.log(visibleText(text))
}

/** Writes one line for people to stdout, whatever characters its names contain. */
export function printLine(line: string): void {
  console.log(visibleLine(line))
}

/** Writes data for programs, such as JSON and CSV, to stdout: unchanged, but made visible on a terminal. */
export function printData(text: string): void {
  console.log(process.stdout.isTTY ? visibleText(text) : text)
}

/** Writes a path to stdout: unchanged for a program, as one line for people. */
export function printPath(path: string): void {
  console.log(process.stdout.isTTY ? visibleLine(path) : path)
}

/** Writes a message to stderr. */
export function say(message: string): void {
  console.error(visibleMessage(message))
}
