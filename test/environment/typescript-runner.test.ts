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

  test('is ts-node up to TypeScript 6, and where the project has none', () => {
    const file = project('six', { typescript: '6.0.3' })
    expect(typeScriptRunner(file)).toBe('ts-node')
    expect(typeScriptRunner(project('none', {}))).toBe('ts-node')
    expect(typeScriptOptions(file)).toEqual(['-r', require.resolve('ts-node/register')])
  })

  test('is tsx beside TypeScript 7, which ts-node cannot call', () => {
    const file = project('seven', { typescript: '7.0.2' })
    expect(typeScriptRunner(file)).toBe('tsx')
    expect(typeScriptOptions(file)).toEqual(['--import', pathToFileURL(require.resolve('tsx')).href])
  })

  test('is tsx for ES modules', () => {
    const file = project('module', { manifest: '{ "type": "module" }' })
    expect(typeScriptRunner(file)).toBe('tsx')
    expect(isModule(file.replace(/ts$/, 'cts'))).toBe(false)
    expect(isModule(project('other', {}).replace(/ts$/, 'mts'))).toBe(true)
  })

  test('cannot be told where package.json is damaged', () => {
    const file = project('damaged', { manifest: '{' })
    expect(() => typeScriptRunner(file)).toThrow(ConfigError)
    expect(() => typeScriptRunner(file)).toThrow(join(root, 'damaged', 'package.json'))
  })
})
