import { execFileSync } from 'node:child_process'
import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DataError } from '../../src/errors'
import { readLines } from '../../src/files/read-lines'
import { readText, readTextFile, refuseData } from '../../src/files/read-text'
import { pathText, shownPath, systemPath } from '../../src/files/system-path'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-text-'))
  path = join(folder, 'a.txt')
})

afterEach(() => rm(folder, { recursive: true }))

const TEXT = 'σ\tfirst\nsecond, 图\n'
const utf16 = Buffer.from(TEXT, 'utf16le')
/** As Windows, editors and PowerShell write it. */
const WAYS: [string, Buffer][] = [
  ['UTF-8', Buffer.from(TEXT)],
  ['UTF-8 with a mark', Buffer.from(`\uFEFF${TEXT}`)],
  ['UTF-16 (little-endian)', Buffer.concat([Buffer.of(0xff, 0xfe), utf16])],
  ['UTF-16 (big-endian)', Buffer.concat([Buffer.of(0xfe, 0xff), Buffer.from(utf16).swap16()])],
]

async function lines(): Promise<string[]> {
  const read: string[] = []
  for await (const [text, line] of readLines(path, refuseData(path))) {
    read.push(text)
    expect(line).toBe(read.length)
  }
  return read
}

describe('text that people bring', () => {
  it.each(WAYS)('is read in %s', async (encoding, bytes) => {
    await writeFile(path, bytes)
    expect(await readTextFile(path)).toEqual({ text: TEXT, encoding })
    expect(await lines()).toEqual(TEXT.split('\n').slice(0, 2))
  })

  it('is read in UTF-16 without a mark, and with lines that end as on Windows', async () => {
    await writeFile(path, Buffer.from('a\r\nb\r\n', 'utf16le'))
    expect(await readText(path)).toBe('a\r\nb\r\n')
    expect(await lines()).toEqual(['a', 'b'])
  })

  it('is cut off anywhere, and its whole lines are read', async () => {
    for (const [, bytes] of WAYS) {
      for (let end = 4; end < bytes.length; end++) {
        await writeFile(path, bytes.subarray(0, end))
        expect(TEXT.startsWith((await readText(path)) ?? '-')).toBe(true)
        expect(TEXT.split('\n')).toEqual(expect.arrayContaining(await lines()))
      }
    }
  })

  it('is refused where it is none', async () => {
    await writeFile(path, Buffer.from('caf\xe9 au lait\n', 'latin1'))
    await expect(readText(path)).rejects.toThrow(/a\.txt is not text in UTF-8 or UTF-16\. Save it as UTF-8/)
    await expect(lines()).rejects.toThrow(/a\.txt is not text in UTF-8 or UTF-16/)
  })

  it('is none where the path is a folder, a pipe or a device: refused at once', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    for (const [place, reason] of [
      [folder, /is a folder, expected a file/],
      [pipe, /is not a regular file, but a pipe, socket or device/],
      ['/dev/zero', /is not a regular file, but a pipe, socket or device/],
    ] as const) {
      await expect(readText(place)).rejects.toThrow(reason)
      await expect(readLines(place, refuseData(place)).next()).rejects.toThrow(reason)
    }
  })

  it('is refused unread where it is too large', async () => {
    await writeFile(path, '')
    await truncate(path, 700_000_000)
    await expect(readText(path)).rejects.toThrow(/a\.txt has 700 MB, and at most 200 MB are read/)
    await truncate(path, 5_000_000_000)
    await expect(lines()).rejects.toThrow(/has 5000 MB/)
  })

  it('has lines of a bounded length, which are joined once', async () => {
    const file = await open(path, 'w')
    for (let part = 0; part < 9; part++) await file.write('x'.repeat(1_000_000))
    await file.write('\n')
    await file.close()
    expect((await lines())[0]).toHaveLength(9_000_000)
    await truncate(path, 700_000_000)
    const started = performance.now()
    await expect(lines()).rejects.toThrow(/has a line, number 2, of more than 10 million characters/)
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('that does not exist is undefined, and has no lines', async () => {
    expect(await readText(path)).toBeUndefined()
    await expect(lines()).rejects.toThrow(DataError)
  })
})

describe('a path', () => {
  it('is bytes, which come back from its text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), bytes => {
        const text = pathText(Buffer.from(bytes))
        expect(Buffer.from(systemPath(text) as string)).toEqual(Buffer.from(bytes))
        expect(shownPath(text)).not.toMatch(/(?<![\uD800-\uDBFF])[\uDC80-\uDCFF]/)
      }),
    )
  })

  it('is shown with what is not text', () => {
    const text = pathText(Buffer.from('caf\xe9 图.png', 'latin1'))
    expect(shownPath(pathText(Buffer.concat([Buffer.from('图 caf'), Buffer.of(0xe9)])))).toBe('图 caf\\xe9')
    expect(text.length).toBeGreaterThan(8)
    expect(systemPath('图 🙂.png')).toBe('图 🙂.png')
  })
})
