import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TYPESCRIPT } from '../support/typescript'
import { childrenOf, hasProcessFiles, isRunning, waitUntilGone } from './processes'

let folder: string
let child: ChildProcess | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-exit-'))
})

afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

/** Runs a script in a Node process that leads its own group, as a shell does. Returns what it says next. */
function start(script: string): { pid: number; exit: Promise<unknown[]>; next: () => Promise<unknown> } {
  const node = spawn(process.execPath, [...TYPESCRIPT, join(__dirname, 'scripts', script), folder], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child = node
  const lines = createInterface({ input: node.stdout })[Symbol.asyncIterator]()
  return {
    pid: node.pid ?? 0,
    exit: once(node, 'exit'),
    next: async () => JSON.parse((await lines.next()).value ?? 'null'),
  }
}

describe.runIf(hasProcessFiles)('Node ends by itself', () => {
  test('when its session is closed, and no Python is left', async () => {
    const { next, exit } = start('clean-stop.ts')
    const { python, three } = (await next()) as { python: number; three: number }
    expect(three).toBe(3)
    expect(await next()).toBe('closed')
    const closedMs = performance.now()
    expect(await isRunning(python)).toBe(false)
    expect(await exit).toEqual([0, null])
    expect(performance.now() - closedMs).toBeLessThan(2500)
  })

  test('when Python was killed, without waiting for the worker processes of a loader', async () => {
    const { next, exit } = start('python-killed.ts')
    expect(await next()).toEqual({ signal: 'SIGKILL' })
    const closedMs = performance.now()
    expect(await exit).toEqual([0, null])
    expect(performance.now() - closedMs).toBeLessThan(2500)
  })
})

test('standard output and error may be files', async () => {
  const output = join(folder, 'output.txt')
  const file = openSync(output, 'w')
  const script = join(__dirname, 'scripts', 'say-hello.ts')
  const options: SpawnOptions = { stdio: ['ignore', file, file] }
  child = spawn(process.execPath, [...TYPESCRIPT, script], options)
  expect(await once(child, 'exit')).toEqual([0, null])
  closeSync(file)
  expect(readFileSync(output, 'utf8')).toBe('total 3\n')
})

test.runIf(hasProcessFiles)(
  'signals are left to Node: Python ends its step and answers. When Node is killed, Python and its workers go',
  async () => {
    const { pid, next } = start('interrupted.ts')
    const { python, labels } = (await next()) as { python: number; labels: number[] }
    expect(labels).toEqual([0, 0])
    expect(await next()).toBe('in mid-step')
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.kill(-pid, signal)
      expect(await next()).toBe(signal)
    }
    expect(await next()).toEqual({ labels: [[0, 0], [1, 1]] }) // biome-ignore format: a matrix

    const workers = await childrenOf(python)
    expect(workers).toHaveLength(2)
    expect(await next()).toBe('in a long step')
    process.kill(pid, 'SIGKILL')
    await waitUntilGone([pid, python, ...workers], 4_000)
  },
)
