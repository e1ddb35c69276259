import { Option } from 'commander'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createProgram, runMain } from '../../src/cli/program'
import { ConfigError, DataError, InterruptedError, PythonError } from '../../src/errors'

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

test('programs one after the other leave one listener, which waits for what is still to be written', async () => {
  const before = process.stdout.listenerCount('error')
  for (let count = 0; count < 20; count += 1) await runMain(async () => 'done')
  expect(process.stdout.listenerCount('error')).toBeLessThanOrEqual(before + 1)
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['time limit', 124],
])('a run that was stopped by %s says where to resume, with exit code %d', async (reason, exitCode) => {
  await runMain(async () => {
    throw new InterruptedError(reason, { what: 'The run stopped', remedy: 'Resume it.' })
  })
  expect(process.exitCode).toBe(exitCode)
  expect(printed).toBe('The run stopped. Resume it.\n')
})

test('a launched run at its time limit has not failed', async () => {
  vi.stubEnv('RANK', '1')
  vi.stubEnv('LOCAL_RANK', '1')
  vi.stubEnv('WORLD_SIZE', '2')
  await runMain(async () => {
    throw new InterruptedError('time limit', { what: 'The run stopped', remedy: 'Resume it.' })
  })
  expect(process.exitCode).toBe(0)
  vi.unstubAllEnvs()
})

test.each([
  [
    new TypeError('x is not a function'),
    /^error: TypeError: x is not a function\. This is a defect .* --traceback shows\.\n$/,
  ],
  ['text', /^error: text\. This is a defect/],
  [
    Object.assign(new Error("EACCES: permission denied, open '/x'"), { code: 'EACCES', syscall: 'open' }),
    /^error: The system refuses open: EACCES: .*'\/x'\. Correct the permissions\.\n$/,
  ],
])('anything else is one message too: %s', async (error, message) => {
  await runMain(async () => {
    throw error
  })
  expect(process.exitCode).toBe(1)
  expect(printed).toMatch(message)
})

test('--traceback shows where an error and those that led to it came about, before and after the command', async () => {
  const python = new PythonError(
    {
      pythonType: 'ValueError',
      pythonMessage: 'odd',
      traceback: 'File "a.py", line 7',
      operation: 'load',
      recordedAt: 'b.ts:3',
    },
    { remedy: 'Look.' },
  )
  const program = createProgram('tool', 'A tool.')
  program.command('go').action(() => {
    throw new DataError('It is odd.', { remedy: 'Look.', cause: python })
  })
  await runMain(() => program.parseAsync(['go'], { from: 'user' }))
  expect(printed).toBe('error: It is odd. Look.\n')
  for (const words of [
    ['--traceback', 'go'],
    ['go', '--traceback'],
  ]) {
    printed = ''
    await runMain(() => program.parseAsync(words, { from: 'user' }))
    const [message, ...details] = printed.split('\n')
    expect(message).toBe('error: It is odd. Look.')
    expect(details.join('\n')).toMatch(
      /DataError: It is odd[\s\S]*program\.test\.ts[\s\S]*Caused by PythonError[\s\S]*In Python:[\s\S]*File "a\.py", line 7/,
    )
  }
})

test('a usage error is one line, the hint, and exit code 2, in commands too', async () => {
  for (const words of [['--wrong'], ['go', '--wrong'], ['stop']]) {
    printed = ''
    const program = createProgram('tool', 'A tool.')
    program.command('go').action(() => {})
    await runMain(() => program.parseAsync(words, { from: 'user' }))
    expect(process.exitCode).toBe(2)
    expect(printed).toMatch(/^error: unknown (option '--wrong'|command 'stop')\n+ *Run it with --help/)
  }
})

test('a value that is nearly one of the choices is suggested', async () => {
  const program = createProgram('tool', 'A tool.')
  program.command('go').addOption(new Option('--format <name>').choices(['markdown', 'latex']))
  await runMain(() => program.parseAsync(['go', '--format', 'markdwn'], { from: 'user' }))
  expect(printed).toMatch(/Allowed choices are markdown, latex\. Did you mean "markdown"\?\n/)
})

test('help is not an error', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  await runMain(() => createProgram('tool', 'A tool.').parseAsync(['--help'], { from: 'user' }))
  expect(process.exitCode).toBe(0)
})
