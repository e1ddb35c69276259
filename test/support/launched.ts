import { join } from 'node:path'
import { execa } from 'execa'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { TYPESCRIPT } from './typescript'

/** A launch under way. */
export interface Launched {
  readonly pid: number
  readonly kill: (signal: NodeJS.Signals) => void
  /** What launcher and ranks have printed so far. */
  readonly printed: () => string
  readonly ended: Promise<{ readonly exitCode: number | undefined; readonly printed: string }>
}

/** What to launch in front of a program in TypeScript. */
export const UNDER_TSX = join(PACKAGE_FOLDER, 'test', 'support', 'under-tsx.js')

/** Runs `ft-cadis launch` with these words; `prefix` is a command in front, which puts it on another machine. */
export function launch(
  words: readonly string[],
  { prefix = [], env = {} }: { prefix?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Launched {
  const [command = '', ...rest] = [
    ...prefix,
    process.execPath,
    ...TYPESCRIPT,
    join(PACKAGE_FOLDER, 'src', 'cli', 'main.ts'),
    'launch',
    ...words,
  ]
  const child = execa(command, rest, {
    cwd: PACKAGE_FOLDER,
    env: { TS_NODE_TRANSPILE_ONLY: '1', ...env },
    stdin: 'ignore',
    all: true,
    reject: false,
  })
  let printed = ''
  child.all.on('data', chunk => {
    printed += chunk
  })
  return {
    pid: child.pid ?? 0,
    kill: signal => child.kill(signal),
    printed: () => printed,
    ended: child.then(({ exitCode }) => ({ exitCode, printed })),
  }
}
