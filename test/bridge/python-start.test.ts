import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  ConfigError,
  connect,
  type PythonError,
  PythonExitError,
  PythonStartError,
  type Session,
} from '../../src'
import { childrenOf, hasProcessFiles } from './processes'
import { rejectionOf, runPython } from './support'

let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ft-cadis-start-'))
})

afterAll(() => rm(root, { recursive: true }))

/** What a user may have set that must not matter; pythonia is imported later, in the first test that connects. */
const ENVIRONMENT = { REQ_TIMEOUT: '50', DEBUG: '1', PYTHONPATH: '/none', PYTHONIOENCODING: 'ascii' }
const logged = vi.spyOn(console, 'log').mockReturnValue()
for (const [name, value] of Object.entries(ENVIRONMENT)) vi.stubEnv(name, value)
const environment = { ...process.env }

test('importing the package starts no Python and loads no bridge', async () => {
  expect(globalThis).not.toHaveProperty('__pythonBridge')
  if (hasProcessFiles) expect(await childrenOf(process.pid)).toEqual([])
})

describe('connect refuses', () => {
  test('an interpreter that does not exist, and starts nothing', async () => {
    const error = await rejectionOf(connect({ python: join(root, 'none/python') }), PythonStartError)
    expect(error.message).toBe(
      `--python names ${root}/none/python, which does not exist. Give the path of a Python 3.11 or newer.`,
    )
    expect(globalThis).not.toHaveProperty('__pythonBridge')
  })

  test('an interpreter without torch: the error says what is missing and what to do', async () => {
    const { stdout: base } = await execa('python3', ['-c', 'import sys; print(sys._base_executable)'])
    await execa(base, ['-m', 'venv', '--without-pip', join(root, 'bare')])
    const python = join(root, 'bare/bin/python')
    const error = await rejectionOf(connect({ python }), PythonStartError)
    expect(error.message).toBe(
      `${python} cannot run ft-cadis: ModuleNotFoundError: No module named 'torch'. ` +
        `Run \`npx ft-cadis doctor --python ${python}\` to see what it has and what is missing.`,
    )
    expect((error.cause as PythonError).traceback).toContain('import torch')
    expect(globalThis).toHaveProperty('__pythonBridge')
    if (hasProcessFiles) expect(await childrenOf(process.pid)).toEqual([])
  })

  test('a Python that ends while it imports, with what it said last', async () => {
    await mkdir(join(root, 'ending'))
    await writeFile(
      join(root, 'ending', 'torch.py'),
      'import os, sys\nprint("no driver", file=sys.stderr, flush=True)\nos._exit(3)\n',
    )
    vi.stubEnv('PYTHONPATH', join(root, 'ending'))
    try {
      const error = await rejectionOf(connect({ device: 'cpu' }), PythonExitError)
      expect(error).toMatchObject({ exitCode: 3, signal: null, output: ['no driver'] })
      expect(error.remedy).toMatch(/`npx ft-cadis doctor`/)
    } finally {
      vi.stubEnv('PYTHONPATH', ENVIRONMENT.PYTHONPATH)
    }
    if (hasProcessFiles) expect(await childrenOf(process.pid)).toEqual([])
  })

  test('a device that is not there', async () => {
    const error = await rejectionOf(connect({ device: 'cuda:99' }), ConfigError)
    expect(error.message).toMatch(/^The device 'cuda:99' was asked for, but torch .*\. Use /)
  })
})

describe('a session', () => {
  const printed: string[] = []
  let session: Session

  beforeAll(async () => {
    session = await connect({ device: 'cpu', threads: 1, onOutput: line => printed.push(line) })
  })

  afterAll(() => session.close())

  test('says what it runs on', () => {
    expect(session.info).toEqual({
      device: 'cpu',
      deviceName: expect.stringMatching(/./),
      python: expect.stringMatching(/^3\.\d+\.\d+/),
      torch: expect.stringMatching(/^\d+\.\d+/),
      cuda: session.info.cuda,
      threads: 1,
    })
  })

  test('leaves the environment of this process as it was', () => {
    expect({ ...process.env }).toEqual(environment)
    expect(environment).toMatchObject(ENVIRONMENT)
  })

  test('passes the PYTHONPATH of the user on, behind its own', async () => {
    runPython(session, 'import sys; assert "/none" in sys.path[2:], sys.path')
    await session.flush()
  })

  test('has no time limit for a step: REQ_TIMEOUT is lifted, whatever it says outside', async () => {
    const { waitedMs } = session.counters
    runPython(session, 'import time; time.sleep(0.3)')
    await session.flush()
    expect(session.counters.waitedMs - waitedMs).toBeGreaterThan(300)
  })

  test('prints no messages of the bridge, whatever DEBUG says outside', () => {
    expect(logged).not.toHaveBeenCalled()
  })

  test('hands on what Python prints, line by line: Python, its libraries and its children, on both streams', async () => {
    const code = [
      'import os, subprocess, sys',
      'print("stdout")',
      'print("stderr", file=sys.stderr)',
      'print("two\\nlines, Größe 日本 🐍")',
      'print("half a pair: \\ud800")',
      'os.write(1, b"from C, ")',
      'os.write(2, b"in parts\\n")',
      'subprocess.run(["echo", "from a child"], check=True)',
      'print("bar 50%\\rbar 100%")',
    ]
    runPython(session, code.join('\n'))
    await session.flush()
    const strings = ['stdout', 'stderr', 'two', 'lines, Größe 日本 🐍', 'half a pair: \\ud800']
    const others = ['from C, in parts', 'from a child', 'bar 50%', 'bar 100%']
    await expect.poll(() => printed).toEqual([...strings, ...others])
  })
})
