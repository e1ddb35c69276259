import { visibleLine, visibleMessage, visibleText } from '../files/visible-text'

/**
 * Everything that this package writes to a terminal is written here, or drawn by `live-line.ts`: names and messages cannot
 * steer the terminal.
 */

/** Writes lines for people to stdout. */
export function print(text: string): void {
  console.log(visibleText(text))
}

/** Writes one line for people to stdout, whatever the names in it are made of. */
export function printLine(line: string): void {
  console.log(visibleLine(line))
}

/** Writes what programs read, such as JSON and CSV, to stdout: as it is, but on a terminal as people may see it. */
export function printData(text: string): void {
  console.log(process.stdout.isTTY ? visibleText(text) : text)
}

/** Writes a path to stdout: a program reads it as it is, people as one line. */
export function printPath(path: string): void {
  console.log(process.stdout.isTTY ? visibleLine(path) : path)
}

/** Writes a message to stderr. */
export function say(message: string): void {
  console.error(visibleMessage(message))
}
