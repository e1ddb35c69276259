import { PassThrough } from 'node:stream'

export interface PretendedStream {
  /** All that was written so far. */
  written(): string
  restore(): void
}

/** Puts a stream that is, or is not, a terminal in the place of stderr or stdout. */
export function pretendStream(
  name: 'stderr' | 'stdout',
  properties: { isTTY: boolean; columns?: number },
): PretendedStream {
  const real = Object.getOwnPropertyDescriptor(process, name) as PropertyDescriptor
  const stream = Object.assign(new PassThrough(), properties)
  let written = ''
  stream.on('data', chunk => {
    written += chunk
  })
  Object.defineProperty(process, name, { ...real, get: () => stream, configurable: true })
  return {
    written: () => written,
    restore: () => Object.defineProperty(process, name, real),
  }
}

/** What a terminal shows that these bytes were written to: its lines, for the sequences that a live line uses. */
export function screenOf(written: string): string[] {
  const lines = ['']
  let column = 0
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what moves the cursor and erases
  for (const [part] of written.matchAll(/\u001b\[[0-9]*[A-Z]|\n|[^\u001b\n]+/g)) {
    const line = lines.at(-1) ?? ''
    if (part === '\n') {
      lines.push('')
      column = 0
    } else if (part === '\u001b[1G') column = 0
    else if (part === '\u001b[0K') lines[lines.length - 1] = line.slice(0, column)
    else {
      lines[lines.length - 1] = line.slice(0, column) + part + line.slice(column + part.length)
      column += part.length
    }
  }
  return lines
}
