import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { analyze } from '../../src/analysis/analyze'
import { presets } from '../../src/config/presets'
import { parseCertificationConfig, parseConfig } from '../../src/config/schema'
import { FtCadisError } from '../../src/errors'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { readJson } from '../../src/files/read-json'
import { missingImages, readCertificationLog } from '../../src/logs/certification-log-file'
import { parseIndices } from '../../src/logs/image-plan'
import { readLatestMetrics, readMetrics } from '../../src/runs/read-metrics'
import { readRun } from '../../src/runs/read-run'
import { rows, writeRun } from '../support/run-folders'
import { configurationOf, logOf, SHARES } from '../support/voted-rows'

/** How long to try for, in all. The same seed makes the same files. */
const SECONDS = Number(process.env.FT_CADIS_FUZZ_SECONDS ?? 5)
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

/** What is JSON and mostly not what a field takes, or is out of its range. */
const VALUES = [
  ...['null', 'true', '0', '-1', '0.5', '2', '1e9', '1e308', '-1e-320', '999999999999999'],
  ...['""', '"x"', '"NaN"', '"__proto__"', '"constructor"', '"\\u0000"', '"0-999999999999999"', '"🙂"'],
  ...['[]', '[null]', '[0]', '["x"]', '[[]]', '[2,1]', '{}', '{"kind":"grid"}', '{"__proto__":null,"x":{}}'],
]
type Pick = <T>(from: readonly T[]) => T

/** A value of JSON in which another stands somewhere, perhaps in place of all of it, or a name is gone or another. */
function withOther(value: unknown, pick: Pick): unknown {
  const root: Record<string, unknown> = { value }
  const places: [of: Record<string, unknown>, name: string][] = []
  const visit = (of: Record<string, unknown>) => {
    for (const [name, one] of Object.entries(of)) {
      places.push([of, name])
      if (typeof one === 'object' && one !== null) visit(one as Record<string, unknown>)
    }
  }
  visit(root)
  const [of, name] = pick(places)
  const [other, otherName] = pick(places)
  pick([
    () => Reflect.set(of, name, JSON.parse(pick(VALUES))),
    () => Reflect.set(of, name, JSON.parse(pick(VALUES))),
    () => Reflect.set(of, name, structuredClone(other[otherName])),
    () => Reflect.set(of, otherName, of[name]),
    () => Reflect.deleteProperty(of, name),
  ])()
  return root.value ?? null
}

/** JSON with another value in it; undefined for what is not JSON. */
function asJson(text: string, pick: Pick): string | undefined {
  try {
    return JSON.stringify(withOther(JSON.parse(text), pick))
  } catch {
    return undefined
  }
}

/** The same file with a few other values: what is read of it is read to its end, where bytes would mostly break the format. */
function revalued(seeds: readonly Buffer[], random: () => number): Buffer {
  const pick: Pick = from => from[Math.floor(random() * from.length)] as (typeof from)[number]
  let text = String(pick(seeds))
  for (let change = pick([1, 1, 2, 3]); change > 0; change--) {
    const part = (whole: string, separator: string, changed: (one: string) => string) => {
      const parts = whole.split(separator)
      const at = pick([...parts.keys()])
      return parts.map((one, place) => (place === at ? changed(one) : one)).join(separator)
    }
    const field = (one: string) =>
      (one.startsWith('{') ? asJson(one, pick) : undefined) ?? pick(VALUES).replaceAll('"', '')
    const line = (one: string) => asJson(one, pick) ?? part(one, '\t', field)
    text = asJson(text, pick) ?? part(text, '\n', line)
  }
  return Buffer.from(text)
}

/** A file that is nearly what the reader takes. */
function mutated(seeds: readonly Buffer[], random: () => number): Buffer {
  if (random() < 0.5) return revalued(seeds, random)
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

const cohen =
  'idx\tlabel\tpredict\tradius\tcorrect\ttime\n0\t3\t3\t0.5\t1\t0:00:01\n1\t3\t-1\t0.0\t0\t0:00:02\n'
const metadataOf = (kind: string) =>
  Buffer.from(
    JSON.stringify({
      ...{ format: 2, configuration: configurationOf(kind) },
      plan: { count: SHARES.length, images: `0-${SHARES.length - 1}` },
    }),
  )
const settings = {
  output: 'o',
  smoothing: { sigma: 0.25, denoiser: { source: 'none' } },
  classifier: { source: 'timm', path: 'a', inputRange: 'symmetric' },
  data: { source: 'folder', path: 'b', imageSize: 32, resizeSize: 32, classes: { cat: 1 } },
  certification: { n: 100, images: { indices: [0, 1] } },
}

async function analysed(path: string): Promise<unknown> {
  const read = await readCertificationLog(path)
  missingImages(read)
  return analyze([{ label: 'a', log: read }], { perClass: true, highProbability: { alpha: 0.001 } })
}

interface Reader {
  /** Files to begin with, each of which it takes. */
  readonly seeds: () => Promise<Buffer[]>
  readonly read: (bytes: Buffer) => Promise<unknown>
}

/** Of a log by a procedure of this package, and of what stands beside it. */
const readersOfLog = (kind: string): Record<string, Reader> => ({
  [`a log of ${kind}`]: {
    seeds: async () => [Buffer.from(logOf(kind))],
    read: async bytes => {
      await written('log.tsv.json', metadataOf(kind))
      return analysed(await written('log.tsv', bytes))
    },
  },
  [`the metadata of a log of ${kind}`]: {
    seeds: async () => [metadataOf(kind)],
    read: async bytes => {
      await written('log.tsv.json', bytes)
      return analysed(await written('log.tsv', Buffer.from(logOf(kind))))
    },
  },
})

/** Of a file of a run folder that is whole but for it. */
const readerOfRun = (file: string): Reader => {
  const run = () => join(folder, `run of ${file}`)
  return {
    seeds: async () => {
      await writeRun(run(), { rows: rows(2), state: { state: 'failed', message: 'a' } })
      return [await readFile(join(run(), file))]
    },
    read: async bytes => {
      await writeFile(join(run(), file), bytes)
      return readRun(run())
    },
  }
}

/** By what is read. */
const READERS: Readonly<Record<string, Reader>> = {
  'settings of a run': {
    seeds: async () =>
      [presets.digits({ output: 'o' }), presets.cifar10({ sigma: 0.5, data: 'd', output: 'o' })].map(preset =>
        Buffer.from(JSON.stringify(preset)),
      ),
    read: async bytes => parseConfig((await readJson(await written('settings.json', bytes))) as never),
  },
  'settings of a certification': {
    seeds: async () => [Buffer.from(JSON.stringify(settings))],
    read: async bytes =>
      parseCertificationConfig((await readJson(await written('settings.json', bytes))) as never),
  },
  ...readersOfLog('certify'),
  ...readersOfLog('grid'),
  'a log that says nothing of itself': {
    seeds: async () => [
      Buffer.from(cohen),
      await readFile(join(PACKAGE_FOLDER, 'test/logs/format-1/adaptive.tsv')),
    ],
    read: async bytes => {
      await rm(join(folder, 'log.tsv.json'), { force: true })
      return analysed(await written('log.tsv', bytes))
    },
  },
  'the metrics of a run': {
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
  'the state of a run': readerOfRun('state.json'),
  'the description of a run': readerOfRun('config.json'),
  'a list of images': {
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
    for (const seed of begun) await read(seed)
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
