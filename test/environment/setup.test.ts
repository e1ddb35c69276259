import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { type SetupOptions, setup } from '../../src/environment/setup'
import { STAMP_NAME } from '../../src/environment/stamp'

// A wheel is a zip file: this makes one of a package with one module, so that pip needs no network.
const MAKE_WHEEL = `
import sys, zipfile
folder, name, version = sys.argv[1:]
info = f"{name}-{version}.dist-info"
with zipfile.ZipFile(f"{folder}/{name}-{version}-py3-none-any.whl", "w") as wheel:
    wheel.writestr(f"{name}.py", f"version = {version!r}\\n")
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{info}/RECORD", "")
`

// pip takes seconds to be put into a new environment, and longer on a busy machine.
vi.setConfig({ testTimeout: 300_000 })

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ft-cadis-setup-'))
  for (const version of ['1.0', '2.0']) await execa('python3', ['-c', MAKE_WHEEL, root, 'tiny', version])
  await execa('python3', ['-c', MAKE_WHEEL, root, 'beside', '1.0'])
})
afterAll(() => rm(root, { recursive: true }))
afterEach(() => vi.unstubAllEnvs())

async function requirementsOf(...pins: string[]): Promise<string> {
  const file = join(root, `${pins.join('-')}.txt`)
  await writeFile(file, ['--no-index', `--find-links ${root}`, ...pins, ''].join('\n'))
  return file
}

async function makeFolder(name: string): Promise<string> {
  const folder = join(root, name)
  await mkdir(folder)
  return folder
}

/** Sets up as if the machine had neither PYTHON_BIN nor conda. */
function setUp(folder: string, options: Omit<SetupOptions, 'folders'>) {
  return setup({ env: {}, folders: [folder], ...options })
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

async function installedVersion(python: string): Promise<string> {
  return (await execa(python, ['-c', 'import tiny; print(tiny.version)'])).stdout
}

describe('its own .venv', () => {
  let folder: string
  let python: string
  beforeAll(async () => {
    folder = await makeFolder('own')
    python = join(folder, '.venv', 'bin', 'python')
  })

  test('is made once by two calls at the same time', async () => {
    const requirementsFile = await requirementsOf('tiny==1.0')
    const lines: string[] = []
    const results = await Promise.all(
      [1, 2].map(() => setUp(folder, { requirementsFile, onLine: line => lines.push(line) })),
    )
    expect(results.map(({ action }) => action).sort()).toEqual(['created', 'none'])
    expect(results[0]?.interpreter).toMatchObject({ path: python, origin: 'venv' })
    expect(lines.filter(line => line.startsWith('Another setup is at work'))).toHaveLength(1)
    expect(lines.filter(line => line.startsWith('Making '))).toHaveLength(1)
    expect(lines).toContain('Successfully installed tiny-1.0')
    expect(await installedVersion(python)).toBe('1.0')
  })

  test('costs the next call next to nothing', async () => {
    const requirementsFile = await requirementsOf('tiny==1.0')
    const durationsMs: number[] = []
    const lines: string[] = []
    for (let call = 0; call < 3; call++) {
      const started = performance.now()
      const { action } = await setUp(folder, { requirementsFile, onLine: line => lines.push(line) })
      durationsMs.push(performance.now() - started)
      expect(action).toBe('none')
    }
    expect(lines).toEqual([])
    expect(Math.min(...durationsMs)).toBeLessThan(1_000)
    expect((await resolveInterpreter({ env: {}, folders: [folder] })).path).toBe(python)
  })

  test('is brought up to date when the requirements change', async () => {
    const keepsake = join(folder, '.venv', 'keepsake')
    await writeFile(keepsake, '')
    const { action } = await setUp(folder, { requirementsFile: await requirementsOf('tiny==2.0') })
    expect(action).toBe('updated')
    expect(await installedVersion(python)).toBe('2.0')
    expect(await exists(keepsake)).toBe(true)
  })

  test('keeps what setup --with has added, and what an interrupted one was to add', async () => {
    const requirementsFile = await requirementsOf('tiny==2.0')
    const extraFiles = { onnx: await requirementsOf('beside==1.0') }
    const calls = { requirementsFile, extraFiles }
    const hasIt = async () => (await execa(python, ['-c', 'import beside'], { reject: false })).exitCode === 0
    expect((await setUp(folder, calls)).action).toBe('none')
    expect(await hasIt()).toBe(false)
    expect((await setUp(folder, { ...calls, with: ['onnx'] })).action).toBe('updated')
    expect(await hasIt()).toBe(true)
    expect((await setUp(folder, calls)).action).toBe('none')
    expect((await setUp(folder, { ...calls, with: ['onnx'] })).action).toBe('none')

    const failing = { ...calls, extraFiles: { onnx: await requirementsOf('absent==9.9') } }
    await expect(setUp(folder, failing)).rejects.toThrow(/absent==9\.9/)
    expect((await setUp(folder, calls)).action).toBe('created')
    expect(await hasIt()).toBe(true)
  })

  test('is unfinished after a failure, which names the package', async () => {
    const requirementsFile = await requirementsOf('tiny==2.0', 'absent==9.9')
    const seen: unknown[] = []
    const onLine = () => {
      seen.push(resolveInterpreter({ env: {}, folders: [folder] }).catch(({ message }) => message))
    }
    await expect(setUp(folder, { requirementsFile, onLine })).rejects.toThrow(
      /^pip could not install absent==9\.9: .* no such version/,
    )
    expect(await seen[0]).toMatch(new RegExp(`is being set up by process ${process.pid}\\. Wait for it\\.$`))
    await expect(resolveInterpreter({ env: {}, folders: [folder] })).rejects.toThrow(/is unfinished/)
  })
})

describe('what is left of its own .venv is made again', () => {
  let folder: string
  let requirementsFile: string
  let python: string
  let stamp: string
  beforeAll(async () => {
    folder = await makeFolder('left')
    requirementsFile = await requirementsOf('tiny==1.0')
    python = join(folder, '.venv', 'bin', 'python')
    stamp = join(folder, '.venv', STAMP_NAME)
  })

  const rewriteStamp = async (pattern: RegExp, text: string) =>
    writeFile(stamp, (await readFile(stamp, 'utf8')).replace(pattern, text))

  const damages: [name: string, damage: () => Promise<unknown>][] = [
    ['when nothing is there but the empty folder', () => mkdir(join(folder, '.venv'))],
    ['where setup was interrupted', () => rewriteStamp(/"requirements":"[^"]*"/, '"requirements":null')],
    ['where writing the stamp was interrupted', () => writeFile(stamp, '{"requ')],
    ['where its interpreter is gone', () => rm(python)],
    ['where it belongs to another Python', () => rewriteStamp(/"python":"[^"]*"/, '"python":"3.1"')],
  ]
  test.each(damages)('%s', async (_name, damage) => {
    await damage()
    const keepsake = join(folder, '.venv', 'keepsake')
    if (await exists(stamp)) await writeFile(keepsake, '')

    // A base whose environments get a pip that does nothing: the real one takes seconds to be put there.
    vi.stubEnv('PATH', `${await makeQuickBase()}${delimiter}${process.env.PATH}`)
    const { action } = await setUp(folder, { requirementsFile })
    expect(action).toBe('created')
    expect(await exists(keepsake)).toBe(false)
    expect(await setUp(folder, { requirementsFile })).toMatchObject({
      action: 'none',
      interpreter: { path: python },
    })
  })

  async function makeQuickBase(): Promise<string> {
    const bin = await mkdtemp(join(root, 'quick-'))
    const real = (await execa('python3', ['-c', 'import sys; print(sys._base_executable)'])).stdout
    const probed = `import sys; sys._base_executable = "${join(bin, 'python3')}"`
    await writeFile(
      join(bin, 'python3'),
      `#!/bin/sh
set -e
shift
if [ "$1" = -c ]; then
  code="$2"; shift 2; exec ${real} -c '${probed}
'"$code" "$@"
fi
${real} -m venv --without-pip "$3"
cd "$3"/lib/python3*/site-packages
mkdir pip
echo > pip/__main__.py
`,
    )
    await chmod(join(bin, 'python3'), 0o755)
    return bin
  }
})

test("a user's own .venv is checked, and changed only when that is asked for", async () => {
  const folder = await makeFolder('users')
  const python = join(folder, '.venv', 'bin', 'python')
  await execa('python3', ['-m', 'venv', join(folder, '.venv')])
  const requirementsFile = await requirementsOf('tiny==1.0')

  await expect(setUp(folder, { requirementsFile })).rejects.toThrow(
    `lacks tiny. Run \`${python} -m pip install tiny==1.0\`, or let setup do it with the option \`--install\`.`,
  )
  await expect(installedVersion(python)).rejects.toThrow(/No module named 'tiny'/)

  // pip learns from its environment where the wheels are: only the names of what is missing are given to it.
  vi.stubEnv('PIP_NO_INDEX', '1')
  vi.stubEnv('PIP_FIND_LINKS', root)
  expect(await setUp(folder, { requirementsFile, install: true })).toMatchObject({ action: 'installed' })
  expect(await setUp(folder, { requirementsFile, python })).toMatchObject({
    action: 'none',
    interpreter: { origin: 'option' },
  })
  expect(await exists(join(folder, '.venv', STAMP_NAME))).toBe(false)

  // Another version than the pinned one is the user's choice.
  const newer = await requirementsOf('tiny==2.0')
  expect(await setUp(folder, { requirementsFile: newer })).toMatchObject({ action: 'none' })
})

test('PYTHON_BIN goes before making a .venv', async () => {
  const folder = await makeFolder('named')
  const requirementsFile = await requirementsOf('tiny==1.0')
  await expect(setUp(folder, { requirementsFile, env: { PYTHON_BIN: 'python3' } })).rejects.toThrow(
    /named by PYTHON_BIN .* lacks tiny/,
  )
  expect(await exists(join(folder, '.venv'))).toBe(false)
})

test('a folder that cannot be written is named', async () => {
  const file = join(root, 'file')
  await writeFile(file, '')
  await expect(setUp(file, { requirementsFile: await requirementsOf() })).rejects.toThrow(
    /^The environment .*\/file\/\.venv cannot be written: ENOTDIR/,
  )
})

describe('with another Python on PATH', () => {
  /** A folder with a `python3` that answers the probe and otherwise runs this script. */
  async function makeBin(
    name: string,
    { version, script }: { version: string; script: string },
  ): Promise<string> {
    const folder = await makeFolder(name)
    const python = join(folder, 'python3')
    const info = {
      version,
      executable: python,
      baseExecutable: python,
      isVirtualEnvironment: false,
      modules: [],
    }
    await writeFile(
      python,
      `#!/bin/sh\ncase "$2$3" in -c*fcntl*) exit;; -c*) echo '${JSON.stringify(info)}'; exit;; esac\n${script}\n`,
    )
    await chmod(python, 0o755)
    return folder
  }

  test('a Python without venv is named, and the package that has it', async () => {
    const bin = await makeBin('no-venv', {
      version: '3.12.3',
      script: `/bin/echo 'The virtual environment was not created successfully because ensurepip is not\navailable.'; exit 1`,
    })
    vi.stubEnv('PATH', bin)
    await expect(
      setUp(await makeFolder('no-venv-target'), { requirementsFile: await requirementsOf() }),
    ).rejects.toThrow(/^Python 3\.12\.3 \(.*\) was installed without .*sudo apt install python3\.12-venv/)
  })

  test('no Python that is recent enough: every one found is named', async () => {
    vi.stubEnv('PATH', await makeBin('too-old', { version: '3.9.2', script: 'exit 1' }))
    await expect(
      setUp(await makeFolder('too-old-target'), { requirementsFile: await requirementsOf() }),
    ).rejects.toThrow(
      /^No Python 3\.11 or newer was found .*python3 is Python 3\.9\.2, .*python is not a command on PATH\./,
    )
  })
})
