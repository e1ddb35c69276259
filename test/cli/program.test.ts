import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createProgram, runMain } from '../../src/cli/program'
import { ConfigError } from '../../src/errors'

let printed: string
beforeEach(() => {
  printed = ''
  process.exitCode = undefined
  vi.spyOn(process.stderr, 'write').mockImplementation(chunk => {
    printed += chunk
    return true
  })
  vi.spyOn(console, 'error').mockImplementation(value => {
    printed += `${value instanceof Error ? value.stack : value}\n`
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

test('a program that ends well leaves the exit code alone', async () => {
  await runMain(async () => 'done')
  expect(process.exitCode).toBeUndefined()
  expect(printed).toBe('')
})

test('an error of this package is its message and exit code 1', async () => {
  await runMain(async () => {
    throw new ConfigError('sigma is 3, expected at most 1.', { remedy: 'Divide it by 255.' })
  })
  expect(process.exitCode).toBe(1)
  expect(printed).toBe('error: sigma is 3, expected at most 1. Divide it by 255.\n')
})

test('anything else shows its stack', async () => {
  await runMain(async () => {
    throw new TypeError('x is not a function')
  })
  expect(process.exitCode).toBe(1)
  expect(printed).toMatch(/^TypeError: x is not a function\n +at .*program\.test\.ts/)
})

test('a usage error is one line, the hint, and exit code 2, in commands too', async () => {
  for (const words of [['--wrong'], ['go', '--wrong'], ['stop']]) {
    printed = ''
    const program = createProgram('tool', 'A tool.')
    program.command('go').action(() => {})
    await runMain(() => program.parseAsync(words, { from: 'user' }))
    expect(process.exitCode).toBe(2)
    expect(printed).toMatch(/^error: unknown (option '--wrong'|command 'stop')\n+Run it with --help/)
  }
})

test('help is no error', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  await runMain(() => createProgram('tool', 'A tool.').parseAsync(['--help'], { from: 'user' }))
  expect(process.exitCode).toBe(0)
})
