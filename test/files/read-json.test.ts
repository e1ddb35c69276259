import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ConfigError, DataError } from '../../src/errors'
import { exists, isFile, isFolder } from '../../src/files/exists'
import { given } from '../../src/files/given'
import { fileHash } from '../../src/files/hash'
import { isObject, readJson } from '../../src/files/read-json'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-files-'))
  path = join(folder, 'a.json')
})

afterEach(() => rm(folder, { recursive: true }))

const schema = z.object({ step: z.int(), places: z.array(z.object({ x: z.number() })) })

describe('readJson', () => {
  it('is the content, without what the schema does not name', async () => {
    await writeFile(path, '{"step": 3, "places": [{"x": 0.5}], "more": 1}')
    expect(await readJson(path, { schema })).toEqual({ step: 3, places: [{ x: 0.5 }] })
    expect(await readJson(path)).toHaveProperty('more', 1)
  })

  it('is undefined where there is no file', async () => {
    expect(await readJson(path, { schema })).toBeUndefined()
    await writeFile(path, '1')
    expect(await readJson(join(path, 'b.json'))).toBeUndefined()
  })

  it.each([
    [
      'a field by its place',
      '{"step": 3, "places": [{"x": 0.5}, {"x": "1"}]}',
      /a\.json is malformed: places\.1\.x: .*number/,
    ],
    ['what is cut off', '{"step": 3', /a\.json is not JSON: .*Restore the file/],
  ])('refuses %s', async (_what, text, message) => {
    await writeFile(path, text)
    await expect(readJson(path, { schema })).rejects.toThrow(DataError)
    await expect(readJson(path, { schema })).rejects.toThrow(message)
  })

  it('reads brackets in strings as text, and refuses what lies deep in itself', async () => {
    await writeFile(path, JSON.stringify({ step: 3, places: [], more: `${'['.repeat(500)}"\\` }))
    expect(await readJson(path)).toHaveProperty('step', 3)
    await writeFile(path, `${'['.repeat(200_000)}${']'.repeat(200_000)}`)
    await expect(readJson(path)).rejects.toThrow(/more than 100 deep in one another/)
  })

  it('refuses what cannot be read, as the caller says', async () => {
    const refuse = (reason: string, cause: unknown) =>
      new ConfigError(`The settings ${reason}.`, { remedy: 'Give others.', cause })
    await expect(readJson(folder, { refuse })).rejects.toThrow(
      /^The settings is a folder, expected a file\. Give others\.$/,
    )
  })
})

it('tells files from folders, and what is there from what is not', async () => {
  await writeFile(path, '')
  const nowhere = join(folder, 'nowhere')
  expect(await Promise.all([path, folder, nowhere].map(exists))).toEqual([true, true, false])
  expect(await Promise.all([path, folder, nowhere].map(isFile))).toEqual([true, false, false])
  expect(await Promise.all([path, folder, nowhere].map(isFolder))).toEqual([false, true, false])
})

it('knows an object of JSON', () => {
  expect([{}, { a: 1 }, [], null, 'a', undefined].map(isObject)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ])
})

it('hashes as sha256sum does', async () => {
  await writeFile(path, 'weights')
  // echo -n weights | sha256sum
  expect(await fileHash(path)).toBe('9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c')
})

it('keeps the fields that have a value', () => {
  expect(given({ a: 0, b: undefined, c: null, d: '' })).toStrictEqual({ a: 0, c: null, d: '' })
})
