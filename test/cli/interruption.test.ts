import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isHangUpIgnored } from '../../src/environment/hang-up'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { TYPESCRIPT } from '../support/typescript'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-interruption-'))
  file = join(folder, 'reason')
})
afterEach(() => rm(folder, { recursive: true }))

const program = () => [
  process.execPath,
  ...TYPESCRIPT,
  join(PACKAGE_FOLDER, 'test/support/interruptible-program.ts'),
  file,
]

async function start(command: readonly string[]) {
  const [name = '', ...words] = command
  const child = execa(name, words, { env: { TS_NODE_TRANSPILE_ONLY: '1' }, reject: false })
  while (!existsSync(`${file}.ready`) && child.exitCode === null) await sleep(10)
  return { child }
}

describe.skipIf(process.platform === 'win32')('a program that is interruptible', () => {
  it.each([
    ['SIGHUP', 129],
    ['SIGTERM', 143],
  ] as const)('stops in order on %s and exits with %i', async (signal, exitCode) => {
    const { child } = await start(program())
    child.kill(signal)
    await sleep(10)
    // Of a shell that ends, beside that of its terminal.
    if (signal === 'SIGHUP') child.kill(signal)
    expect((await child).exitCode).toBe(exitCode)
    expect(await readFile(file, 'utf8')).toBe(signal)
  })

  it.each([
    ['SIGINT', 'SIGINT', 130],
    ['SIGINT', 'SIGTERM', 143],
    ['SIGTERM', 'SIGINT', 130],
  ] as const)('stops at once on %s and then %s, with exit code %i', async (first, second, exitCode) => {
    const { child } = await start(program())
    const heard = once(child.stderr, 'data')
    child.kill(first)
    await heard
    child.kill(second)
    const { exitCode: found, stderr } = await child
    expect(found).toBe(exitCode)
    expect(stderr).toContain(`${first}: the reason is written; again to stop at once.`)
    expect(existsSync(file)).toBe(false)
  })

  it('stops in order on SIGTERM however often it comes', async () => {
    const { child } = await start(program())
    const heard = once(child.stderr, 'data')
    child.kill('SIGTERM')
    await heard
    child.kill('SIGTERM')
    expect((await child).exitCode).toBe(143)
    expect(await readFile(file, 'utf8')).toBe('SIGTERM')
  })

  it('stops in order when its terminal is closed', async () => {
    const hangUp = `
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
while not os.path.exists(sys.argv[1] + ".ready"):
    time.sleep(0.01)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`
    const python = process.env.PYTHON_BIN ?? 'python3'
    // Node itself may abort at its very end, where it sets a terminal back that is gone.
    await execa(python, ['-c', hangUp, file, ...program()], {
      env: { TS_NODE_TRANSPILE_ONLY: '1' },
      reject: false,
    })
    expect(await readFile(file, 'utf8')).toBe('SIGHUP')
  })

  it.runIf(process.platform === 'linux')(
    'does not hear SIGHUP where it was ignored at the start',
    async () => {
      const { child } = await start(['sh', '-c', `trap '' HUP; "$@"; exit $?`, 'sh', ...program()])
      const { stdout: pids } = await execa('pgrep', ['-P', String(child.pid)])
      process.kill(Number(pids), 'SIGHUP')
      expect((await child).exitCode).toBe(0)
      expect(await readFile(file, 'utf8')).toBe('undefined')
    },
  )
})

describe('SIGHUP was ignored at the start', () => {
  async function proc({ own = '0', parent = '0', flags = '0100002', input = '/dev/pts/0' }) {
    const status = (mask: string) =>
      `Name:\tnode\nSigBlk:\t0000000000000001\nSigIgn:\t000000000100100${mask}\n`
    for (const [pid, mask] of [
      ['self', own],
      [String(process.ppid), parent],
    ] as const) {
      await mkdir(join(folder, pid, 'fd'), { recursive: true })
      await writeFile(join(folder, pid, 'status'), status(mask))
    }
    await mkdir(join(folder, 'self', 'fdinfo'))
    await writeFile(join(folder, 'self', 'fdinfo', '0'), `pos:\t0\nflags:\t${flags}\n`)
    await symlink(input, join(folder, 'self', 'fd', '0'))
    return isHangUpIgnored(folder)
  }

  it.each([
    [true, 'its own mask', { own: '1' }],
    [true, 'that of the shell above it', { parent: '1' }],
    [true, 'a standard input that nohup has put there', { flags: '02100001', input: '/dev/null' }],
    [false, 'a terminal', {}],
    [false, 'no input', { flags: '0100000', input: '/dev/null' }],
    [false, 'an input that is a log', { flags: '0100001', input: '/tmp/log' }],
  ])('is %s by %s', async (expected, _what, found) => {
    expect(await proc(found)).toBe(expected)
  })

  it('is not known without /proc', () => {
    expect(isHangUpIgnored(join(folder, 'none'))).toBe(false)
  })
})
