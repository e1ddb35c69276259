import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataError, PythonError, parseUnknownConfig } from '../src'
import { PACKAGE_FOLDER } from '../src/files/package-folder'
import { TYPESCRIPT } from './support/typescript'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-errors-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** What a script of a user, with a field that is unknown in its settings, leaves on stderr. */
async function run(end: string): Promise<string[]> {
  const script = join(folder, 'experiment.ts')
  await writeFile(
    script,
    [
      `import { parseUnknownConfig, presets } from '${join(PACKAGE_FOLDER, 'src')}'`,
      'async function main(): Promise<void> {',
      "  const { dtype, ...config } = presets.digits({ output: 'runs/a' })",
      '  parseUnknownConfig(Object.assign(config, { dtyp: dtype }))',
      '}',
      end,
    ].join('\n'),
  )
  const { stderr } = await execa(process.execPath, [...TYPESCRIPT, script], { cwd: folder, reject: false })
  return stderr.split('\n')
}

describe('an error in a script of a user', () => {
  it('that nobody catches is its message and the line of the script', async () => {
    const lines = await run('void main()')
    expect(lines.length).toBeLessThan(16)
    expect(lines).toContain('ConfigError: The configuration is not acceptable:')
    expect(lines).toContain('  dtyp: unknown, did you mean dtype?')
    expect(lines.join('\n')).toMatch(/at main \(.*experiment\.ts:4:\d+\)/)
    expect(lines.join('\n')).not.toMatch(/ZodError|parseRun/)
  })

  it('that it prints is the same', async () => {
    const lines = await run('main().catch((error: unknown) => console.error(error))')
    expect(lines.slice(0, 3)).toEqual([
      'ConfigError: The configuration is not acceptable:',
      '  dtyp: unknown, did you mean dtype?',
      '  Correct this field.',
    ])
    expect(lines[3]).toMatch(/^ +at main \(.*experiment\.ts:4:\d+\)$/)
  })
})

it('lists nothing beside its message, and keeps everything', () => {
  const failure = {
    ...{ pythonType: 'ValueError', pythonMessage: 'odd', traceback: 'File "a.py"' },
    ...{ operation: 'load', recordedAt: 'b.ts:3' },
  }
  const python = new PythonError(failure, { remedy: 'Look.' })
  expect(Object.keys(python)).toEqual(['code'])
  expect(python).toMatchObject(failure)
  const error = new DataError('It says \u001b[2J.', { remedy: 'Look.', cause: python })
  expect(error.cause).toBe(python)
  expect(inspect(error)).toContain('It says \\x1b[2J. Look.')
  expect(error.fullStack).toContain('errors.test.ts')
  expect(() => parseUnknownConfig({})).toThrow(expect.not.objectContaining({ cause: expect.anything() }))
})

it('says what to do on its own line after a list', () => {
  expect(new DataError('Odd are:\n  a\n', { remedy: 'Look.' }).message).toBe('Odd are:\n  a\nLook.')
  expect(new DataError('Is it odd?', { remedy: 'Look.' }).message).toBe('Is it odd? Look.')
  expect(new DataError('It is odd', { remedy: 'Look.' }).message).toBe('It is odd. Look.')
})
