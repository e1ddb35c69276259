import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, describe, expect, it } from 'vitest'
import { connect } from '../../src'
import { requirePlatform } from '../../src/environment/platform'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { TYPESCRIPT } from '../support/typescript'

const MESSAGE = 'ft-cadis computes on Linux and macOS, and this is Windows. Install WSL with `wsl --install`'
const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor
afterEach(() => {
  Object.defineProperty(process, 'platform', platform)
})

it.each(['linux', 'darwin'] as const)('%s is taken', name => requirePlatform(name))

describe('on Windows', () => {
  /** Runs a command of this package in a process that takes its system for Windows. */
  async function run(...words: string[]) {
    const pretend = "data:text/javascript,Object.defineProperty(process,'platform',{value:'win32'})"
    const main = join(PACKAGE_FOLDER, 'src/cli/main.ts')
    return execa(process.execPath, [...TYPESCRIPT, '--import', pretend, main, ...words], { reject: false })
  }

  it.each([
    [['setup']],
    [['doctor']],
    [['check-fixtures', 'none']],
    [['certify', 'none']],
    [['predict', 'none.png', '--model', 'none']],
    [['export', 'none', '--merge', 'none']],
    [['experiment', 'main']],
    [['launch', 'certify']],
  ])('%j is refused at its start', async words => {
    const { exitCode, stdout, stderr } = await run(...words)
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr.startsWith(`error: ${MESSAGE}`), stderr).toBe(true)
  })

  it.each([
    [['runs', 'none']],
    [['report', 'none']],
    [['analyze', 'none.tsv']],
    [['verify', 'none.tsv']],
    [['certify', 'merge', 'none.tsv', '--output', 'x']],
  ])('%j reads as everywhere', async words => {
    expect((await run(...words)).stderr).toMatch(/^error: [^\n]*does not exist/)
  })

  it('a script is refused when it connects', async () => {
    Object.defineProperty(process, 'platform', { ...platform, value: 'win32' })
    await expect(connect()).rejects.toThrow(MESSAGE)
  })
})
