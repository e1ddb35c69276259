import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type InterpreterOptions, resolveInterpreter } from '../../src/environment/interpreter'
import { STAMP_NAME } from '../../src/environment/stamp'
import { PythonStartError } from '../../src/errors'
import { thisProcess } from '../../src/files/processes'

let root: string
let realPython: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ft-cadis-interpreter-'))
  realPython = (await execa('python3', ['-c', 'import sys; print(sys._base_executable)'])).stdout
})

afterAll(() => rm(root, { recursive: true }))

async function makeVenv(name: string): Promise<string> {
  const folder = join(root, name)
  await execa(realPython, ['-m', 'venv', '--without-pip', join(folder, '.venv')])
  return folder
}

async function makeFile(name: string, text: string, mode = 0o755): Promise<string> {
  const path = join(root, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  await chmod(path, mode)
  return path
}

async function messageOf(options: InterpreterOptions): Promise<string> {
  const error = await resolveInterpreter({ env: {}, folders: [], ...options }).then(
    found => expect.fail(`found ${found.path}`),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(PythonStartError)
  return (error as PythonStartError).message
}

test('the order is option, PYTHON_BIN, conda, .venv in the first folder, .venv in the second', async () => {
  const [first, second] = [await makeVenv('first'), await makeVenv('second')]
  const conda = join(root, 'envs', 'ft-cadis')
  await mkdir(join(conda, 'bin'), { recursive: true })
  await symlink(realPython, join(conda, 'bin', 'python'))
  const named = { python: join(first, '.venv/bin/python'), PYTHON_BIN: join(second, '.venv/bin/python') }
  const env = { PYTHON_BIN: named.PYTHON_BIN, CONDA_PREFIX: conda }
  const folders = [first, second]

  const version = expect.stringMatching(/^3\.\d+\.\d+$/)
  expect(await resolveInterpreter({ python: named.python, env, folders })).toEqual({
    path: named.python,
    origin: 'option',
    version,
  })
  expect(await resolveInterpreter({ env, folders })).toEqual({
    path: named.PYTHON_BIN,
    origin: 'PYTHON_BIN',
    version,
  })
  expect(await resolveInterpreter({ env: { ...env, PYTHON_BIN: '' }, folders })).toEqual({
    path: join(conda, 'bin', 'python'),
    origin: 'conda',
    version,
  })
  expect(await resolveInterpreter({ env: {}, folders })).toMatchObject({ path: named.python, origin: 'venv' })
  expect(await resolveInterpreter({ env: {}, folders: [root, second] })).toMatchObject({
    path: named.PYTHON_BIN,
    origin: 'venv',
  })
})

test('a command name and a relative path become absolute; a wrapper script is kept', async () => {
  const wrapper = await makeFile('wrapper', `#!/bin/sh\nexec ${realPython} "$@"\n`)
  const byName = await resolveInterpreter({ python: 'python3' })
  expect(byName.path).toMatch(/^\/.*python/)
  expect((await resolveInterpreter({ python: wrapper })).path).toBe(wrapper)
  expect((await resolveInterpreter({ python: relative(process.cwd(), wrapper) })).path).toBe(wrapper)
})

test('a conda environment of another name counts if it holds the packages, and only then', async () => {
  const full = join(root, 'envs', 'mine', 'bin', 'python')
  await execa(realPython, ['-m', 'venv', '--without-pip', join(root, 'envs', 'mine')])
  const { stdout: packages } = await execa(full, [
    '-c',
    'import sysconfig as s; print(s.get_path("purelib"))',
  ])
  for (const name of ['torch', 'timm', 'diffusers', 'peft']) {
    await makeFile(join(relative(root, packages), `${name}.py`), '')
  }
  const bare = await makeFile('envs/base/bin/python', `#!/bin/sh\nexec ${realPython} -I -S "$@"\n`)
  const prefix = (python: string) => dirname(dirname(python))

  expect(await resolveInterpreter({ env: { CONDA_PREFIX: prefix(full) }, folders: [] })).toMatchObject({
    path: full,
    origin: 'conda',
  })
  expect(await messageOf({ env: { CONDA_PREFIX: prefix(bare) } })).toMatch(/^No Python environment was found/)
  expect(await messageOf({ env: { CONDA_PREFIX: join(root, 'envs', 'gone') } })).toMatch(/^No Python env/)
  expect(basename(join(root, 'gone', 'ft-cadis'))).toBe('ft-cadis')
  expect(await messageOf({ env: { CONDA_PREFIX: join(root, 'gone', 'ft-cadis') } })).toMatch(
    /^The active conda environment has .*bin\/python, which does not exist\. Make it again/,
  )
})

test('what is named and does not work is one clear message', async () => {
  const cases: [python: string, message: RegExp][] = [
    ['', /--python names "", which is empty\. Give the path of a Python 3\.11 or newer\.$/],
    ['/nowhere/python', /--python names \/nowhere\/python, which does not exist\. Give/],
    ['no-such-python', /--python names no-such-python, which is not a command on PATH\. Give/],
    [root, /which is a folder, not an interpreter\. Give/],
    [await makeFile('plain.txt', 'text', 0o644), /plain\.txt, which is not an executable file\. Give/],
    [
      await makeFile('orphan', '#!/nowhere/python\n'),
      /which is a script whose own interpreter does not exist\./,
    ],
    ['/bin/echo', /which does not run as Python: it said "-I -c/],
    [await makeFile('silent', '#!/bin/sh\nexit 3\n'), /which does not run as Python\. Give/],
    [
      await makeFile('older', `#!/bin/sh\necho 'Unknown option: -I' >&2\nexit 2\n`),
      /older, which is a Python before 3\.4, where 3\.11 or newer is needed\. Give/,
    ],
    [
      await makeFile('old', `#!/bin/sh\necho '{"version": "3.9.18"}'\n`),
      /old, which is Python 3\.9\.18, where 3\.11 or newer is needed\. Give/,
    ],
  ]
  for (const [python, message] of cases) expect(await messageOf({ python })).toMatch(message)

  expect(await messageOf({ env: { PYTHON_BIN: '/nowhere/python' } })).toMatch(
    /^PYTHON_BIN names \/nowhere\/python, which does not exist\. Set it to .* or unset it\.$/,
  )
})

test('a broken .venv is one clear message', async () => {
  const folder = await makeVenv('broken')
  const python = join(folder, '.venv', 'bin', 'python')
  const resolving = () => messageOf({ folders: [folder] })

  await rm(join(folder, '.venv', 'pyvenv.cfg'))
  expect(await resolving()).toMatch(/\.venv is broken: its pyvenv\.cfg is missing .* Delete it and run `npx/)
  await rm(python)
  expect(await resolving()).toMatch(/\.venv is broken: its .*bin\/python does not exist\. Delete it and/)
  await symlink('/nowhere/python3', python)
  expect(await resolving()).toMatch(/python is a symbolic link to \/nowhere\/python3, which does not exist\./)
  await writeFile(join(folder, '.venv', STAMP_NAME), '{"requirements":"abc","python":"3.11"}')
  expect(await resolving()).toMatch(/Run `npx ft-cadis setup` to make it again\.$/)
})

test('a .venv whose setup did not end is not used', async () => {
  const folder = await makeVenv('unfinished')
  await resolveInterpreter({ env: {}, folders: [folder] })
  for (const stamp of ['{"requirements":null,"python":"3.11"}', '']) {
    await writeFile(join(folder, '.venv', STAMP_NAME), stamp)
    expect(await messageOf({ folders: [folder] })).toMatch(/is unfinished: .* to complete it\.$/)
  }
})

test('a .venv that a process sets up is said to be so, until that process has ended', async () => {
  const folder = await makeVenv('in-work')
  const setup = await thisProcess()
  const isFrom = async (process: object) => {
    const stamp = { requirements: null, python: '3.11', setup: process }
    await writeFile(join(folder, '.venv', STAMP_NAME), JSON.stringify(stamp))
    return messageOf({ folders: [folder] })
  }
  expect(await isFrom(setup)).toBe(
    `The environment ${join(folder, '.venv')} is being set up by process ${process.pid}. Wait for it.`,
  )
  for (const other of [{ startTicks: '1' }, { pid: 2 ** 30 }, { host: 'elsewhere' }]) {
    expect(await isFrom({ ...setup, ...other })).toMatch(/is unfinished/)
  }
  expect(await isFrom({})).toMatch(/is unfinished/)
})

test('without any environment the message says where was looked and what to do', async () => {
  expect(await messageOf({ folders: [join(root, 'a'), join(root, 'b')] })).toMatch(
    /.*\/a\/\.venv or .*\/b\/\.venv does not exist\. Run `npx ft-cadis setup`\.$/,
  )
})
