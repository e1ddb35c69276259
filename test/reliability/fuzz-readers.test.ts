import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { analyze } from '../../src/analysis/analyze'
import { parseCertificationConfig, parseConfig } from '../../src/config/schema'
import { FtCadisError } from '../../src/errors'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { readJson } from '../../src/files/read-json'
import { formatRow, LOG_HEADER } from '../../src/logs/certification-log'
import { missingImages, readCertificationLog } from '../../src/logs/certification-log-file'
import { parseIndices } from '../../src/logs/image-plan'
import { readLatestMetrics, readMetrics } from '../../src/runs/read-metrics'
import { readRun } from '../../src/runs/read-run'
import { loggedRow } from '../support/logged-row'
import { rows } from '../support/run-folders'

/** How long to try for, in all. The same seed makes the same files. */
const SECONDS = Number(process.env.FT_CADIS_FUZZ_SECONDS ?? 4)
const SEED = Number(process.env.FT_CADIS_FUZZ_SEED ?? 1)
/** No reader may take longer for a file of these sizes, nor keep more. */
const MOST_MS = 10_000
const MOST_BYTES = 1_500_000_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-fuzz-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** mulberry32, to [0, 1). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What breaks readers: large numbers, other encodings, depth, keys of prototypes, ends of lines. */
const MORSELS = [
  ...[
    '1e9',
    '1e308',
    '-1',
    '999999999999999',
    '0',
    'null',
    'NaN',
    'true',
    '""',
    '[]',
    '{}',
    '{"a":',
    '0-999999999999999',
  ],
  ...[
    '"__proto__":{"x":1},',
    '"constructor":1,',
    '\n',
    '\r\n',
    '\r',
    '\t',
    '\0',
    '\uFEFF',
    '\\u0000',
    '\x1b[2J',
    '🙂',
    ',',
  ],
  ...[
    '['.repeat(3000),
    '{"a":'.repeat(3000),
    '9'.repeat(400),
    'x'.repeat(70_000),
    '\t'.repeat(50_000),
    '\n'.repeat(50_000),
  ],
].map(text => Buffer.from(text))

/** A file that is nearly what the reader takes. */
function mutated(seeds: readonly Buffer[], random: () => number): Buffer {
  const below = (count: number) => Math.floor(random() * count)
  let bytes = Buffer.from(seeds[below(seeds.length)] as Buffer)
  for (let change = 1 + below(6); change > 0; change--) {
    const place = below(bytes.length + 1)
    const end = Math.min(bytes.length, place + below(40))
    const piece = [
      () => MORSELS[below(MORSELS.length)] as Buffer,
      () => Buffer.from([below(256)]),
      () => Buffer.alloc(0),
      () => bytes.subarray(below(place + 1), end),
      () => (seeds[below(seeds.length)] as Buffer).subarray(0, 1 + below(3000)),
    ][below(5)] as () => Buffer
    bytes = Buffer.concat([bytes.subarray(0, place), piece(), bytes.subarray(random() < 0.5 ? place : end)])
  }
  const ways = [0, 0, 0, 0, 1, 2, 3]
  const way = ways[below(ways.length)]
  if (way === 1) return Buffer.from(`\uFEFF${bytes}`, 'utf16le')
  if (way === 2) return Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), bytes])
  return way === 3 ? bytes.subarray(0, below(bytes.length + 1)) : bytes
}

const log = [LOG_HEADER, ...[0, 1, 2].map(index => formatRow(loggedRow({ index })))].join('\n')
const cohen =
  'idx\tlabel\tpredict\tradius\tcorrect\ttime\n0\t3\t3\t0.5\t1\t0:00:01\n1\t3\t-1\t0.0\t0\t0:00:02\n'
const metadata = {
  format: 2,
  configuration: {
    ...{
      sigma: 0.5,
      realisedSigma: 0.5,
      norm: 'l2',
      bound: 'gaussian',
      n0: 100,
      n: 1000,
      alpha: 0.001,
      seed: 0,
    },
    ...{ procedure: { kind: 'grid', radii: [0, 0.25, 0.5] }, arithmetic: { dtype: 'float32' } },
  },
  plan: { count: 3, images: '0-2' },
}
const settings = {
  smoothing: { sigma: 0.25, denoiser: { source: 'none' } },
  classifier: { source: 'timm', path: 'a', inputRange: 'symmetric' },
  data: { source: 'folder', path: 'b', imageSize: 32, resizeSize: 32, classes: { cat: 1 } },
  certification: { n: 100, images: { indices: [0, 1] } },
}

async function analysed(path: string): Promise<unknown> {
  const read = await readCertificationLog(path)
  missingImages(read)
  return analyze([{ label: 'a', log: read }], { perClass: true, highProbability: {} })
}

/** By what is read: files to begin with, and what reads one. */
const READERS: Readonly<
  Record<string, { seeds: () => Promise<Buffer[]>; read: (bytes: Buffer) => Promise<unknown> }>
> = {
  settings: {
    seeds: async () => [
      Buffer.from(JSON.stringify(settings)),
      Buffer.from(JSON.stringify({ ...settings, method: { kind: 'ft-cadis' } })),
    ],
    read: async bytes => {
      const content = await readJson(await written('settings.json', bytes))
      await attempted(() => parseConfig(content as never))
      return parseCertificationConfig(content as never)
    },
  },
  log: {
    seeds: async () => [
      Buffer.from(`${log}\n`),
      Buffer.from(cohen),
      await readFile(join(PACKAGE_FOLDER, 'test/logs/format-1/adaptive.tsv')).catch(() => Buffer.from(cohen)),
    ],
    read: async bytes => {
      await written('log.tsv.json', Buffer.from(JSON.stringify(metadata)))
      const path = await written('log.tsv', bytes)
      await attempted(() => analysed(path))
      await rm(`${path}.json`)
      return analysed(path)
    },
  },
  'metadata of a log': {
    seeds: async () => [Buffer.from(JSON.stringify(metadata))],
    read: async bytes => {
      await written('log.tsv.json', bytes)
      return analysed(await written('log.tsv', Buffer.from(`${log}\n`)))
    },
  },
  metrics: {
    seeds: async () => [
      Buffer.from(
        rows(5)
          .map(row => `${JSON.stringify(row)}\n`)
          .join(''),
      ),
    ],
    read: async bytes => {
      const path = await written('metrics.jsonl', bytes)
      await attempted(() => readLatestMetrics(path))
      return readMetrics(path)
    },
  },
  'state of a run': {
    seeds: async () => [
      Buffer.from(
        JSON.stringify({ state: 'running', step: 1, steps: 2, updatedAt: new Date().toISOString() }),
      ),
    ],
    read: async bytes => {
      await written('metrics.jsonl', Buffer.alloc(0))
      await written('config.json', Buffer.from(JSON.stringify({ config: {}, weights: {} })))
      await written('state.json', bytes)
      return readRun(folder)
    },
  },
  'list of images': {
    seeds: async () => ['0-9999', '0-9980/20', '9-0/-1', '3,17,4-6'].map(text => Buffer.from(text)),
    read: async bytes => parseIndices(bytes.toString()),
  },
}

async function written(name: string, bytes: Buffer): Promise<string> {
  await writeFile(join(folder, name), bytes)
  return join(folder, name)
}

/** Ends in a value, or in an error of this package with what to do. */
async function attempted(read: () => unknown): Promise<void> {
  try {
    await read()
  } catch (error) {
    expect(error).toBeInstanceOf(FtCadisError)
    expect((error as FtCadisError).remedy).not.toBe('')
    expect((error as FtCadisError).message.length).toBeLessThan(20_000)
  }
}

it.each(Object.entries(READERS))(
  'whatever is written there, %s gives a value or one clear error, soon',
  async (_name, { seeds, read }) => {
    const random = generator(SEED)
    const begun = await seeds()
    const until = performance.now() + (1000 * SECONDS) / Object.keys(READERS).length
    let files = 0
    do {
      const bytes = mutated(begun, random)
      const started = performance.now()
      try {
        await attempted(() => read(bytes))
        expect(performance.now() - started).toBeLessThan(MOST_MS)
        expect(process.memoryUsage().rss).toBeLessThan(MOST_BYTES)
      } catch (error) {
        throw new Error(
          `file ${files} of seed ${SEED}: ${JSON.stringify(bytes.toString('latin1').slice(0, 2000))}`,
          {
            cause: error,
          },
        )
      }
      files += 1
    } while (performance.now() < until)
    expect(files).toBeGreaterThan(0)
  },
  SECONDS * 1000 + 60_000,
)
