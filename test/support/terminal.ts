import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import xterm from '@xterm/headless'
import { execa } from 'execa'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

export interface PretendedStream {
  /** All that was written so far. */
  written(): string
  restore(): void
}

/** Puts a stream that is, or is not, a terminal in place of stderr or stdout. */
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

/** A terminal that bytes are replayed into. */
export class Screen {
  readonly #terminal: InstanceType<typeof xterm.Terminal>

  constructor({ columns = 80, rows = 24 }: { readonly columns?: number; readonly rows?: number } = {}) {
    // As the terminal driver does with the bytes of a program.
    this.#terminal = new xterm.Terminal({ cols: columns, rows, convertEol: true, allowProposedApi: true })
  }

  write(text: string): Promise<void> {
    return new Promise(resolve => this.#terminal.write(text, resolve))
  }

  resize({ columns, rows = 24 }: { readonly columns: number; readonly rows?: number }): void {
    this.#terminal.resize(columns, rows)
  }

  /** Every line down to that of the cursor, also those that have scrolled away; one that wraps is one. */
  lines(): string[] {
    const { active } = this.#terminal.buffer
    const lines: string[] = []
    for (let row = 0; row <= active.baseY + active.cursorY; row += 1) {
      const { text, isWrapped } = rowOf(active.getLine(row))
      lines.push((isWrapped ? lines.pop() : '') + text)
    }
    return lines.map(line => line.trimEnd())
  }

  /** Whether there is anything below the cursor. */
  get isEmptyBelow(): boolean {
    const { active } = this.#terminal.buffer
    const below = Array.from({ length: active.length }, (_, row) => rowOf(active.getLine(row)).text)
    return below.slice(active.baseY + active.cursorY + 1).every(text => text.trim() === '')
  }
}

function rowOf(line: xterm.IBufferLine | undefined) {
  return { text: line?.translateToString(false) ?? '', isWrapped: line?.isWrapped ?? false }
}

/** What a terminal shows that these bytes were written to: its lines down to that of the cursor. */
export async function screenOf(written: string, size: { readonly columns?: number } = {}): Promise<string[]> {
  const screen = new Screen(size)
  await screen.write(written)
  return screen.lines()
}

/** Runs a program on a terminal of 80 columns, and types what is given once it has stopped itself. */
export async function runOnTerminal(
  command: readonly string[],
  { type = '', env = {} }: { readonly type?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<{ readonly bytes: string; readonly exitCode: number | undefined }> {
  const { path } = await resolveInterpreter()
  const script = join(PACKAGE_FOLDER, 'test', 'support', 'on_terminal.py')
  const { stdout, exitCode } = await execa(path, [script, type, ...command], {
    cwd: PACKAGE_FOLDER,
    env,
    reject: false,
    stripFinalNewline: false,
  })
  return { bytes: stdout, exitCode }
}
