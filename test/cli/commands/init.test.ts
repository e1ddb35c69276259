import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { experimentFiles } from '../../../src/cli/init/templates'
import { resolveInterpreter } from '../../../src/environment/interpreter'
import { PACKAGE_FOLDER } from '../../../src/files/package-folder'
import { runWithoutPython } from '../../support/run-without-python'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis init '))
  // An installed package of the sources.
  const installed = join(folder, 'node_modules', 'ft-cadis')
  await mkdir(installed, { recursive: true })
  await symlink(join(PACKAGE_FOLDER, 'src'), join(installed, 'src'))
  await writeFile(
    join(installed, 'package.json'),
    JSON.stringify({
      exports: {
        '.': './src/index.ts',
        './analysis': './src/analysis/index.ts',
        './package.json': './package.json',
      },
    }),
  )
})
afterAll(() => rm(folder, { recursive: true }))

it('writes an experiment, says what to do next, and overwrites nothing', async () => {
  const first = await runWithoutPython(folder, 'init', 'mine')
  expect({ exitCode: first.exitCode, stderr: first.stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(first.stdout.split('\n').map(line => line.split('  ')[1] ?? line)).toEqual([
    'Written: mine/config.ts, mine/experiment.ts, mine/settings.json, mine/tsconfig.json',
    'Next:',
    'npm install typescript@6 @types/node ts-node',
    'npx ft-cadis setup',
    'npx ts-node mine/experiment.ts',
    'npx ft-cadis report runs/first',
    'npx ft-cadis train --preset digits --config mine/settings.json',
    'Then change mine/config.ts.',
  ])
  await writeFile(join(folder, 'mine', 'config.ts'), 'changed')
  const second = await runWithoutPython(folder, 'init', 'mine')
  expect(second.exitCode).toBe(1)
  expect(second.stderr).toBe(
    'error: mine/config.ts and mine/experiment.ts and mine/settings.json would be overwritten. Name another folder.',
  )
  expect(await readFile(join(folder, 'mine', 'config.ts'), 'utf8')).toBe('changed')
})

it('writes settings whose schema is there', async () => {
  const { $schema, ...settings } = JSON.parse(await readFile(join(folder, 'mine', 'settings.json'), 'utf8'))
  const schema = JSON.parse(await readFile(join(folder, 'mine', $schema), 'utf8'))
  expect(schema.title).toBe('What differs from a preset of a fine-tuning run')
  for (const [section, fields] of Object.entries(settings)) {
    const { properties } = schema.properties[section]
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(fields as object)))
  }
})

it('fits a folder of ES modules that has a tsconfig.json', async () => {
  await mkdir(join(folder, 'modules'))
  await writeFile(join(folder, 'modules', 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'modules', 'tsconfig.json'), '{}')
  const { stdout } = await runWithoutPython(join(folder, 'modules'), 'init')
  expect(stdout).toContain('npx tsx experiment.ts')
  expect(await readdir(join(folder, 'modules'))).not.toContain('runs')
  expect(await readFile(join(folder, 'modules', 'experiment.ts'), 'utf8')).toContain("from './config.js'")
})

it('what it writes fine-tunes and certifies', async () => {
  for (const [name, text] of Object.entries(experimentFiles({ isModule: false, schema: '' }))) {
    const short = text.replace('epochs: 2, warmupEpochs: 0.5', 'epochs: 1').replace('first: 20', 'first: 2')
    await writeFile(join(folder, name), short)
  }
  const { path } = await resolveInterpreter()
  const tsNode = join(PACKAGE_FOLDER, 'node_modules', 'ts-node', 'register', 'transpile-only')
  const { exitCode, stdout, stderr } = await execa('node', ['-r', tsNode, 'experiment.ts'], {
    cwd: folder,
    reject: false,
    env: { PYTHON_BIN: path, TS_NODE_PROJECT: join(PACKAGE_FOLDER, 'tsconfig.json') },
  })
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stderr, 'progress without a terminal').not.toMatch(/epoch|image/)
  expect(stdout).toMatch(/│ off-the-shelf .*\n(.*\n)*│ FT-CADIS /)
  expect(await readdir(join(folder, 'runs', 'first'))).toContain('ft-cadis.tsv')
}, 120_000)
