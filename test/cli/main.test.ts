import { expect, test } from 'vitest'
import { version } from '../../package.json'
import { createFtCadis } from '../../src/cli/ft-cadis'
import { runProgram } from '../support/run-example'

const run = (...words: string[]) => runProgram('src/cli/main.ts', ...words)

test('help lists the commands', async () => {
  const { exitCode, stdout, stderr } = await run('--help')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  for (const command of ['setup', 'doctor']) expect(stdout).toMatch(new RegExp(`^ +${command} `, 'm'))
})

test('the version is that of package.json', async () => {
  expect((await run('--version')).stdout).toBe(version)
})

test('a usage error ends with exit code 2 and one message', async () => {
  const { exitCode, stdout, stderr } = await run('setup', '--pyhton', 'x')
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(
    /^error: unknown option '--pyhton'\n +\(Did you mean --python\?\)\n+ *Run it with --help/,
  )
})

test('a missing interpreter ends with exit code 1 and one message', async () => {
  const { exitCode, stdout, stderr } = await run('setup', '--python', '/nowhere/python')
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toBe(
    'error: --python names /nowhere/python, which does not exist. Give the path of a Python 3.11 or newer.',
  )
})

test('doctor reports a missing interpreter and ends with exit code 1', async () => {
  const { exitCode, stdout, stderr } = await run('doctor', '--python', '/nowhere/python')
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
  expect(stdout).toMatch(/^ERROR +Python +--python names \/nowhere\/python/m)
})

test('no option takes several words, which would take the arguments that follow', () => {
  const commands = createFtCadis().commands.flatMap(command => [command, ...command.commands])
  expect(commands.length).toBeGreaterThan(10)
  expect(commands.flatMap(({ options }) => options.filter(({ variadic }) => variadic))).toEqual([])
})
