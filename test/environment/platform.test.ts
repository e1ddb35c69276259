import { afterEach, describe, expect, it } from 'vitest'
import { connect, PythonStartError } from '../../src'
import { createFtCadis } from '../../src/cli/ft-cadis'
import { requirePlatform } from '../../src/environment/platform'

const MESSAGE =
  /^ft-cadis computes on Linux and macOS, and this is Windows\. Install WSL with `wsl --install`/
const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor
afterEach(() => {
  Object.defineProperty(process, 'platform', platform)
})

it.each(['linux', 'darwin'] as const)('%s is taken', name => requirePlatform(name))

describe('on Windows', () => {
  const run = (...words: string[]) => createFtCadis({ platform: 'win32' }).parseAsync(words, { from: 'user' })

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
    const refused = run(...words)
    await expect(refused).rejects.toThrow(PythonStartError)
    await expect(refused).rejects.toThrow(MESSAGE)
  })

  it.each([
    [['runs', 'none']],
    [['analyze', 'none.tsv']],
    [['certify', 'merge', 'none.tsv', '--output', 'x']],
  ])('%j reads as everywhere', async words => {
    await expect(run(...words)).rejects.toThrow(/^There is no/)
  })

  it('a script is refused when it connects', async () => {
    Object.defineProperty(process, 'platform', { ...platform, value: 'win32' })
    await expect(connect()).rejects.toThrow(MESSAGE)
  })
})
