import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isModule, typeScriptOptions, typeScriptRunner } from '../../src/environment/typescript-runner'
import { ConfigError } from '../../src/errors'

describe('what runs a TypeScript file', () => {
  let root: string
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'ft-cadis-runner-'))
  })
  afterAll(() => rmSync(root, { recursive: true }))

  /** A project with this package.json, and a TypeScript of this version. */
  function project(
    name: string,
    { manifest = '{}', typescript }: { manifest?: string; typescript?: string },
  ) {
    const folder = join(root, name)
    mkdirSync(join(folder, 'scripts'), { recursive: true })
    writeFileSync(join(folder, 'package.json'), manifest)
    if (typescript !== undefined) {
      const installed = join(folder, 'node_modules', 'typescript')
      mkdirSync(installed, { recursive: true })
      writeFileSync(join(installed, 'package.json'), JSON.stringify({ version: typescript }))
    }
    return join(folder, 'scripts', 'run.ts')
  }

  test('is ts-node up to TypeScript 6, and where the project has none', async () => {
    const file = project('six', { typescript: '6.0.3' })
    expect(await typeScriptRunner(file)).toBe('ts-node')
    expect(await typeScriptRunner(project('none', {}))).toBe('ts-node')
    expect(await typeScriptOptions(file)).toEqual(['-r', require.resolve('ts-node/register')])
  })

  test('is tsx beside TypeScript 7, which ts-node cannot call', async () => {
    const file = project('seven', { typescript: '7.0.2' })
    expect(await typeScriptRunner(file)).toBe('tsx')
    expect(await typeScriptOptions(file)).toEqual(['--import', pathToFileURL(require.resolve('tsx')).href])
  })

  test('is tsx for ES modules', async () => {
    const file = project('module', { manifest: '{ "type": "module" }' })
    expect(await typeScriptRunner(file)).toBe('tsx')
    expect(await isModule(file.replace(/ts$/, 'cts'))).toBe(false)
    expect(await isModule(project('other', {}).replace(/ts$/, 'mts'))).toBe(true)
  })

  test('cannot be told where package.json is damaged', async () => {
    const file = project('damaged', { manifest: '{' })
    await expect(typeScriptRunner(file)).rejects.toThrow(ConfigError)
    await expect(typeScriptRunner(file)).rejects.toThrow(join(root, 'damaged', 'package.json'))
  })

  test('is not waited for where package.json is a pipe', async () => {
    const file = project('pipe', {})
    rmSync(join(root, 'pipe', 'package.json'))
    execFileSync('mkfifo', [join(root, 'pipe', 'package.json')])
    await expect(typeScriptRunner(file)).rejects.toThrow(/pipe.package.json is not a regular file/)
  })
})
