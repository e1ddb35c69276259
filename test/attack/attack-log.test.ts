import { appendFile, mkdtemp, open, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AttackRow, ConfigError, DataError } from '../../src'
import { ATTACK_LOG_HEADER } from '../../src/attack/attack-log'
import { AttackLogWriter, formatAttackRow, parseAttacks, readAttackLog } from '../../src/internal'
import { STREAMS_VERSION } from '../../src/streams'

const kept: AttackRow = {
  ...{ index: 3, label: 1, class: 2, failed: 1.5, asked: 0, digest: '0123456789abcdef', durationMs: 1500 },
}
const changed: AttackRow = {
  ...{ ...kept, index: 17, asked: 2 },
  change: { radius: 1 / 3, class: 0, votes: 620, n: 1000 },
}

describe('an attack log', () => {
  it('has every row as it was written', () => {
    const text = `${[ATTACK_LOG_HEADER, ...[kept, changed].map(formatAttackRow)].join('\n')}\n`
    expect(parseAttacks(text, { file: 'a' }).rows).toEqual([kept, changed])
    const cut = parseAttacks(text.slice(0, -3), { file: 'a' })
    expect(cut).toMatchObject({ rows: [kept], wholeBytes: text.lastIndexOf('17\t') })
  })

  const line = formatAttackRow(changed)
  it.each([
    ['another header', 'idx\tlabel\n', /^a, line 1: the header must be/],
    ['too few fields', `${ATTACK_LOG_HEADER}\n1\t2\n`, /^a, line 2: expected 11 fields, got 2/],
    [
      'a negative radius',
      `${ATTACK_LOG_HEADER}\n${line.replace('0.3', '-0.3')}\n`,
      /^a, line 2: radius is "-0\.3/,
    ],
    ['half a change', `${ATTACK_LOG_HEADER}\n${line.replace('620', '-')}\n`, /^a, line 2: votes is "-"/],
    ['a change without a radius', `${ATTACK_LOG_HEADER}\n${line.replace(/0\.3+/, '-')}\n`, /in all columns/],
    [
      'the same class',
      `${ATTACK_LOG_HEADER}\n${formatAttackRow({ ...changed, class: 0 })}\n`,
      /was to be left/,
    ],
    ['an image twice', `${ATTACK_LOG_HEADER}\n${line}\n${line}\n`, /^a, line 3: image 17 has a row above/],
  ])('with %s is refused', (_, text, message) => {
    expect(() => parseAttacks(text, { file: 'a' })).toThrow(DataError)
    expect(() => parseAttacks(text, { file: 'a' })).toThrow(message)
  })
})

describe('an attack log on the disk', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-attack-log-'))
    path = join(folder, 'attack.tsv')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const metadata = (images: string, more: object = {}) => ({
    configuration: {
      ...{ sigma: 0.5, realisedSigma: null, norm: 'l2', bound: 'gaussian', procedure: { kind: 'attack' } },
      ...{ n0: 10, n: 100, alpha: 0.001, arithmetic: {}, seed: 0, streams: STREAMS_VERSION, ...more },
    },
    plan: { count: 1, images },
  })

  it('continues after its last whole row', async () => {
    {
      await using log = await AttackLogWriter.open(path, metadata('3,17'))
      await log.append(kept)
    }
    await appendFile(path, formatAttackRow(changed).slice(0, 10))
    {
      await using log = await AttackLogWriter.open(path, metadata('3,17'))
      expect(log.earlier).toEqual([kept])
      await log.append(changed)
    }
    expect(await readFile(path, 'utf8')).toBe(
      `${[ATTACK_LOG_HEADER, formatAttackRow(kept), formatAttackRow(changed)].join('\n')}\n`,
    )
    expect(await readAttackLog(path)).toMatchObject({ rows: [kept, changed], metadata: { format: 2 } })
  })

  it('is not continued with other settings, without images that it has, or while another writes it', async () => {
    {
      await using log = await AttackLogWriter.open(path, metadata('3,17'))
      await log.append(kept)
      await expect(AttackLogWriter.open(path, metadata('3,17'))).rejects.toThrow(/in use|being written|lock/i)
    }
    const begin = (images: string, more: object) => AttackLogWriter.open(path, metadata(images, more))
    await expect(begin('3,17', { n: 200 })).rejects.toThrow(/n: 100 in the log, 200 now/)
    await expect(begin('17', {})).rejects.toThrow(ConfigError)
    await expect(begin('17', {})).rejects.toThrow(/has 1 images that are not to be attacked now: 3\./)
    await rm(`${path}.json`)
    await expect(begin('3,17', {})).rejects.toThrow(/nothing says how its rows were made/)
  })

  it('says the plan that it continues with, and who began it', async () => {
    const begin = async (images: string, notes: object) => {
      await using _log = await AttackLogWriter.open(path, { ...metadata(images), notes: { ...notes } })
    }
    await begin('3,17', { device: 'the first', versions: { node: '1' } })
    await begin('3,17,20', { device: 'the second' })
    const { plan, notes } = (await readAttackLog(path)).metadata
    expect(plan).toEqual({ count: 1, images: '3,17,20' })
    expect(notes).toEqual({ device: 'the first', versions: { node: '1' } })
  })

  it('leaves no file open, and no lock, where a line that was cut off cannot be taken away', async () => {
    {
      await using log = await AttackLogWriter.open(path, metadata('3,17'))
      await log.append(kept)
    }
    await appendFile(path, formatAttackRow(changed).slice(0, 10))
    const handle = await open(path)
    const truncate = vi
      .spyOn(Object.getPrototypeOf(handle), 'truncate')
      .mockRejectedValue(new Error('no space'))
    await handle.close()
    const before = await openFiles()
    const failed = AttackLogWriter.open(path, metadata('3,17'))
    await expect(failed).rejects.toThrow(
      /attack\.tsv cannot be written: no space\..*continues after its last whole row/s,
    )
    expect(await openFiles()).toEqual(before)
    truncate.mockRestore()
    await using log = await AttackLogWriter.open(path, metadata('3,17'))
    expect(log.earlier).toEqual([kept])
  })

  /** The files of this folder that are open. */
  async function openFiles(): Promise<readonly string[]> {
    const descriptors = await readdir('/proc/self/fd')
    const links = await Promise.all(descriptors.map(fd => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
    return links.filter(link => link.startsWith(folder)).sort()
  }

  it('that is not there is a DataError', async () => {
    await expect(readAttackLog(path)).rejects.toThrow(DataError)
  })
})
