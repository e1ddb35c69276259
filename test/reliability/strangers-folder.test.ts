import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { importEnvironment } from '../../src/environment/python-path'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { casesOf } from '../support/slow'
import { TYPESCRIPT } from '../support/typescript'

/** Packages that the Python part imports, and modules that Python looks for itself. */
const PACKAGES = [
  ...[
    'torch',
    'torchvision',
    'numpy',
    'scipy',
    'sklearn',
    'PIL',
    'psutil',
    'timm',
    'diffusers',
    'transformers',
    'peft',
  ],
  ...[
    'safetensors',
    'tensorboard',
    'huggingface_hub',
    'google',
    'yaml',
    'packaging',
    'regex',
    'filelock',
    'fsspec',
  ],
  ...['ftcadis_host', 'Bridge', 'proxy', 'interface', 'pip', 'setuptools', 'sitecustomize', 'usercustomize'],
]

let folder: string
let python: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-stranger-'))
  python = (await resolveInterpreter()).path
  const { stdout } = await execa(python, [
    ...['-I', '-c', 'import sys; print(*sys.stdlib_module_names - set(sys.builtin_module_names))'],
  ])
  const mark = JSON.stringify(join(folder, 'ran'))
  for (const name of new Set([...stdout.split(' '), ...PACKAGES])) {
    await writeFile(join(folder, `${name}.py`), `open(${mark}, 'a').write('python: ${name}\\n')\n`)
  }
  for (const name of ['ts-node', 'ts-node/register', 'tsx', 'typescript', 'execa', 'pythonia']) {
    await mkdir(join(folder, 'node_modules', name), { recursive: true })
    const code = `require('node:fs').appendFileSync(${mark}, 'node: ${name}\\n')\n`
    await writeFile(join(folder, 'node_modules', name, 'index.js'), code)
  }
  await writeFile(join(folder, 'evil.js'), `require('node:fs').appendFileSync(${mark}, 'node: evil\\n')\n`)
  await writeFile(join(folder, 'tsconfig.json'), '{ "ts-node": { "require": ["./evil.js"] } }')
})
afterAll(() => rm(folder, { recursive: true }))

/** Runs a command in the folder, and says what of the folder has run. */
async function run(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const main = join(PACKAGE_FOLDER, 'src', 'cli', 'main.ts')
  const own = join(PACKAGE_FOLDER, 'tsconfig.json')
  await rm(join(folder, 'ran'), { force: true })
  const { exitCode, all } = await execa(process.execPath, [...TYPESCRIPT, main, ...words], {
    cwd: folder,
    // For this first process alone, which users have compiled.
    env: { PYTHON_BIN: python, TSX_TSCONFIG_PATH: own, TS_NODE_PROJECT: own, ...env },
    reject: false,
    all: true,
  })
  return { exitCode, all, ran: await readFile(join(folder, 'ran'), 'utf8').catch(() => 'nothing') }
}

describe('nothing of the working folder is run', () => {
  it('is a folder that would run where its modules were imported', async () => {
    await execa(python, ['-c', 'import queue'], { cwd: folder })
    expect(await readFile(join(folder, 'ran'), 'utf8')).toBe('python: queue\n')
    await access(join(folder, 'evil.js'))
  })

  const certify = [
    ...['certify', '--preset', 'digits', '--images', 'first:2', '--n0', '8', '--n', '16', '--threads', '1'],
    ...['--device', 'cpu', '--output', 'log.tsv'],
  ]
  // What people have in their environment: nothing, an empty entry left by `$PYTHONPATH:…`, a hardened machine.
  it.each(
    casesOf<[string, readonly string[], Readonly<Record<string, string>>]>(
      [
        ['setup', ['setup'], {}],
        ['doctor', ['doctor'], { PYTHONPATH: ':.' }],
        [
          'certify on a hardened machine',
          [...certify, '--seed', '1', '--output', 'b.tsv'],
          { PYTHONSAFEPATH: '1' },
        ],
        [
          'launch',
          ['launch', '--nproc-per-node', '1', '--', ...certify, '--output', 'c.tsv'],
          { PYTHONPATH: ':' },
        ],
      ],
      [
        ['doctor on a hardened machine', ['doctor'], { PYTHONSAFEPATH: '1' }],
        ['certify', certify, { PYTHONPATH: '.:' }],
      ],
    ),
  )(
    'by %s',
    async (_, words, env) => {
      const { exitCode, all, ran } = await run(words, env)
      expect(ran, all).toBe('nothing')
      expect(exitCode, all).toBe(0)
    },
    120_000,
  )
})

it('entries of PYTHONPATH that mean the working folder are left out, others stay', () => {
  const { PYTHONPATH, PYTHONSAFEPATH } = importEnvironment(['/own'], { PYTHONPATH: ':/a::.:lib:/b:' })
  expect(PYTHONPATH).toBe(`${join(PACKAGE_FOLDER, 'python')}:/own:/a:/b`)
  expect(PYTHONSAFEPATH).toBe('1')
})
