import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { connect } from '../../src/bridge'
import { cachedPath, type PublishedFile } from '../../src/config/published-weights'
import { cachedWeights } from '../../src/environment/cached-weights'
import { fetchFile, fetchModel } from '../../src/environment/fetch-weights'
import { InterruptedError } from '../../src/errors'
import { loadClassifier } from '../../src/torch'
import { serveWeights } from '../support/weights-server'

const CONTENT = randomBytes(300_000)
const SHA256 = createHash('sha256').update(CONTENT).digest('hex')

let cache: string
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'ft-cadis-fetch-'))
  vi.stubEnv('XDG_CACHE_HOME', cache)
  vi.stubEnv('HF_HOME', join(cache, 'huggingface'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(cache, { recursive: true })
})

function published(url: string, sha256: string | null = SHA256): PublishedFile {
  return { what: 'a test', url: `${url}/weights.pt`, file: 'weights.pt', bytes: null, sha256, licence: 'MIT' }
}

describe('a published file', () => {
  test('comes into the cache, and once', async () => {
    await using server = await serveWeights({ files: { '/weights.pt': CONTENT } })
    const first = await fetchFile(published(server.url))
    expect(first).toEqual({
      path: cachedPath({ file: 'weights.pt' }),
      sha256: SHA256,
      isPublished: true,
      wasThere: false,
    })
    expect(readFileSync(first.path).equals(CONTENT)).toBe(true)
    expect(statSync(join(first.path, '..')).mode & 0o777).toBe(0o700)
    const asked = server.requests.length
    expect(await fetchFile(published(server.url))).toEqual({ ...first, wasThere: true })
    expect(server.requests).toHaveLength(asked)
    expect(readdirSync(join(first.path, '..'))).toEqual(['weights.pt'])
  })

  test('is continued where an earlier download ended', async () => {
    await using server = await serveWeights({ files: { '/weights.pt': CONTENT } })
    const { path } = await fetchFile(published(server.url))
    writeFileSync(`${path}.part`, CONTENT.subarray(0, 100_000))
    await rm(path)
    await fetchFile(published(server.url))
    expect(server.requests.at(-1)).toEqual({ method: 'GET', path: '/weights.pt', range: 'bytes=100000-' })
    expect(readFileSync(path).equals(CONTENT)).toBe(true)
  })

  test('arrives through a connection that breaks', async () => {
    // More than a part that the library writes at a time, 10 MB.
    const content = randomBytes(25_000_000)
    const sha256 = createHash('sha256').update(content).digest('hex')
    await using server = await serveWeights({ files: { '/weights.pt': content }, breaksAfter: 12_000_000 })
    await fetchFile(published(server.url, sha256))
    expect(server.requests.filter(({ range }) => range !== undefined)).not.toEqual([])
  })

  test('with another hash than the published one is deleted', async () => {
    await using server = await serveWeights({ files: { '/weights.pt': CONTENT } })
    const expected = 'ab'.repeat(32)
    await expect(fetchFile(published(server.url, expected))).rejects.toThrow(
      new RegExp(
        `weights.pt has the SHA-256 ${SHA256}, but the published file has ${expected}. The download is deleted`,
      ),
    )
    expect(readdirSync(join(cachedPath({ file: '' })))).toEqual([])
  })

  test('without a published hash has that of the first download from then on', async () => {
    await using first = await serveWeights({ files: { '/weights.pt': CONTENT } })
    const { path, isPublished } = await fetchFile(published(first.url, null))
    expect(isPublished).toBe(false)
    await rm(path)
    await using other = await serveWeights({ files: { '/weights.pt': randomBytes(1000) } })
    await expect(fetchFile(published(other.url, null))).rejects.toThrow(/but the first download had/)
    expect(existsSync(path)).toBe(false)
  })

  test.each([
    [404, /could not be downloaded: .*404.* Check the name\./],
    [403, /could not be downloaded: .*403.* HF_TOKEN/],
    [500, /could not be downloaded: .*500.* Check the network/],
  ])('that a server answers with %d says what to do', async (status, message) => {
    await using server = await serveWeights({ status })
    await expect(fetchFile(published(server.url))).rejects.toThrow(message)
  })

  test('keeps what has come when it is interrupted', async () => {
    // More than a part that the library writes at a time, 10 MB.
    const content = randomBytes(12_000_000)
    const sha256 = createHash('sha256').update(content).digest('hex')
    const path = cachedPath({ file: 'weights.pt' })
    const sizeOfPart = () => statSync(`${path}.part`, { throwIfNoEntry: false })?.size ?? 0
    const controller = new AbortController()
    {
      await using server = await serveWeights({ files: { '/weights.pt': content }, stallsAfter: 11_000_000 })
      const fetched = fetchFile(published(server.url, sha256), { signal: controller.signal })
      await vi.waitUntil(() => sizeOfPart() > 0, { timeout: 30_000 })
      controller.abort('SIGINT')
      await expect(fetched).rejects.toThrow(InterruptedError)
    }
    expect(existsSync(path)).toBe(false)
    const come = sizeOfPart()
    expect(come).toBeGreaterThanOrEqual(1_000_000)
    await using server = await serveWeights({ files: { '/weights.pt': content } })
    await fetchFile(published(server.url, sha256))
    expect(server.requests.at(-1)).toMatchObject({ method: 'GET', range: `bytes=${come}-` })
    expect(readFileSync(path).equals(content)).toBe(true)
  })
})

test('nothing else asks the network', async () => {
  await using server = await serveWeights({ models: { 'owner/name': { 'config.json': Buffer.from('{}') } } })
  vi.stubEnv('HF_ENDPOINT', server.url)
  await using session = await connect({ device: 'cpu' })
  const loaded = loadClassifier(session, {
    source: 'transformers',
    path: 'owner/name',
    inputRange: 'symmetric',
  })
  await expect(loaded).rejects.toThrow(/Run `npx ft-cadis fetch owner\/name`/)
  expect(server.requests).toEqual([])
})

describe('a model of the hub', () => {
  test('comes into its cache with its description and its weights in one format', async () => {
    const model = {
      'config.json': Buffer.from('{}'),
      'model.safetensors': CONTENT,
      'pytorch_model.bin': CONTENT,
      'README.md': Buffer.from('words'),
    }
    await using server = await serveWeights({ models: { 'owner/name': model } })
    vi.stubEnv('HF_ENDPOINT', server.url)
    const { folder, files } = await fetchModel('owner/name')
    expect(files).toEqual(['config.json', 'model.safetensors'])
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'model.safetensors'])
    expect((await cachedWeights()).models).toEqual(['owner/name'])
  })

  test('that is not there says so', async () => {
    await using server = await serveWeights({})
    vi.stubEnv('HF_ENDPOINT', server.url)
    await expect(fetchModel('owner/missing')).rejects.toThrow(
      /owner\/missing could not be downloaded: .*Check the name/,
    )
  })
})
