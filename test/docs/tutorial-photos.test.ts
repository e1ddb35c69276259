import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import { useForkedPython } from '../support/forked-python'
import { TYPESCRIPT } from '../support/typescript'

useForkedPython()

/** What makes a step of the tutorial small: few images, updates of few images, few votes. All else is as it stands there. */
const SMALL: readonly (readonly [part: string, options: readonly string[]])[] = [
  ['make-photos.ts', ['--images', '15']],
  ['classifier.json', ['--images-per-update', '12', '--evaluate-images', '2']],
  [
    'denoiser.diffusion',
    ['--images-per-update', '12', '--images-per-micro-batch', '6', '--evaluate-images', '2'],
  ],
  ['certify.json', ['--images', 'every:1', '--n0', '2', '--n', '16']],
  ['ft-cadis.json', ['--images-per-update', '12', '--images-per-micro-batch', '6', '--evaluate-images', '2']],
  ['certify runs/ft-cadis', ['--images', 'every:1', '--n0', '2', '--n', '16']],
  ['analyze', []],
]

/** The programs import this package by its name. */
const TSCONFIG = join(PACKAGE_FOLDER, 'tsconfig.json')
const ENVIRONMENT = { TS_NODE_TRANSPILE_ONLY: '1', TSX_TSCONFIG_PATH: TSCONFIG, TS_NODE_PROJECT: TSCONFIG }

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-tutorial-'))
  await symlink(join(PACKAGE_FOLDER, 'examples'), join(folder, 'examples'))
})
afterAll(() => rm(folder, { recursive: true }))

it('leads from a folder of images to two certificates, by its commands', { timeout: 600_000 }, async () => {
  const page = await readFile(join(PACKAGE_FOLDER, 'docs', 'tutorial-photos.md'), 'utf8')
  const commands = [...page.matchAll(/^npx (.+)$/gm)].map(([, command = '']) => command)
  expect(commands).toHaveLength(SMALL.length)
  for (const [place, command] of commands.entries()) {
    const [part = '', options = []] = SMALL[place] ?? []
    expect(command).toContain(part)
    const [program = '', ...words] = command.split(' ')
    const script = program === 'ft-cadis' ? join(PACKAGE_FOLDER, 'src', 'cli', 'main.ts') : words.shift()
    const { exitCode, all } = await execa(
      process.execPath,
      [...TYPESCRIPT, script ?? '', ...words, ...options],
      { cwd: folder, env: ENVIRONMENT, stdin: 'ignore', all: true, reject: false },
    )
    expect({ command, exitCode, all: exitCode === 0 ? '' : all }).toEqual({ command, exitCode: 0, all: '' })
  }
  for (const run of ['off-the-shelf', 'ft-cadis']) {
    const { rows } = await readCertificationLog(join(folder, 'runs', run, 'certify-sigma-1.tsv'))
    expect(rows).toHaveLength(3)
  }
})
