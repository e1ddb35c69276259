import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError, DataError } from '../../src/errors'
import { type CertificationEntry, formatRow, LOG_HEADER } from '../../src/logs/certification-log'
import { factsPath, type LogFacts } from '../../src/logs/certification-log-facts'
import { CertificationLogWriter, readCertificationLog } from '../../src/logs/certification-log-file'
import { imagePlan } from '../../src/logs/image-plan'
import { canMount, mountDisk, remountDisk, unmountDisk } from '../support/mount'

const facts: LogFacts = {
  configuration: {
    sigma: 0.5,
    realisedSigma: 0.5003,
    n0: 100,
    n: 10_000,
    alpha: 0.001,
    dtype: 'float32',
    seed: 0,
    models: { classifier: 'sha256:aa', denoiser: 'sha256:bb' },
  },
  notes: { device: 'cpu' },
}

function entry(index: number): CertificationEntry {
  const counts = { candidate: 3, candidateCount: 9_900, runnerUp: 5, runnerUpCount: 80, n0: 100, n: 10_000 }
  return { index, label: 3, prediction: 3, radius: index / 7, durationMs: 12.5, counts }
}

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-log-'))
  path = join(folder, 'run', 'certify.tsv')
})
afterEach(() => rm(folder, { recursive: true }))

async function write(...indices: number[]): Promise<void> {
  await using log = await CertificationLogWriter.open(path, facts)
  for (const index of indices) await log.append(entry(index))
}

describe('CertificationLogWriter', () => {
  it('creates the folder, the log and its facts, and leaves nothing else behind', async () => {
    await write(4, 2)
    expect(await readFile(path, 'utf8')).toBe(
      `${LOG_HEADER}\n${formatRow(entry(4))}\n${formatRow(entry(2))}\n`,
    )
    expect(JSON.parse(await readFile(factsPath(path), 'utf8'))).toEqual(facts)
    expect((await readdir(join(folder, 'run'))).sort()).toEqual(['certify.tsv', 'certify.tsv.json'])
    const read = await readCertificationLog(path)
    expect(read).toMatchObject({ file: path, facts, rows: [{ index: 4 }, { index: 2 }] })
  })

  it('has the row in the file when append returns', async () => {
    await using log = await CertificationLogWriter.open(path, facts)
    await log.append(entry(0))
    expect((await readCertificationLog(path)).rows).toHaveLength(1)
  })

  it('goes on wherever a kill cut the log', async () => {
    await write(0, 1)
    const whole = await readFile(path, 'utf8')
    const firstRowEnds = `${LOG_HEADER}\n${formatRow(entry(0))}\n`.length
    for (let length = firstRowEnds; length <= whole.length; length += 1) {
      await writeFile(path, whole.slice(0, length))
      const log = await CertificationLogWriter.open(path, facts)
      const complete = length === whole.length
      expect(log.earlierRows.map(({ index }) => index)).toEqual(complete ? [0, 1] : [0])
      expect(log.droppedPartialRow).toBe(length > firstRowEnds && !complete)
      expect([0, 1, 2].map(index => log.has(index))).toEqual([true, complete, false])
      if (!complete) await log.append(entry(1))
      await log.close()
      expect(await readFile(path, 'utf8')).toBe(whole)
    }
  })

  it('goes on when a kill came between the facts and the log', async () => {
    await write()
    await rm(path)
    await write(5)
    expect((await readCertificationLog(path)).rows).toMatchObject([{ index: 5 }])
  })

  it('refuses another configuration and lists every difference', async () => {
    await write(0)
    const other: LogFacts = {
      configuration: {
        ...facts.configuration,
        sigma: 0.25,
        models: { classifier: 'sha256:cc', denoiser: 'sha256:bb' },
        shard: '1/2',
      },
    }
    const opened = CertificationLogWriter.open(path, other)
    await expect(opened).rejects.toThrow(ConfigError)
    await expect(opened).rejects.toThrow(/sigma: 0\.5 in the log, 0\.25 now/)
    await expect(opened).rejects.toThrow(/models\.classifier: "sha256:aa" in the log, "sha256:cc" now/)
    await expect(opened).rejects.toThrow(/shard: absent in the log, "1\/2" now/)
    await expect(opened).rejects.not.toThrow(/denoiser|alpha/)
  })

  it('goes on under other notes and keeps the first', async () => {
    await write(0)
    const log = await CertificationLogWriter.open(path, { ...facts, notes: { device: 'cuda' } })
    await log.close()
    expect((await readCertificationLog(path)).facts?.notes).toEqual({ device: 'cpu' })
  })

  it('goes on with a plan that has all of its images, and says the new one', async () => {
    await (await CertificationLogWriter.open(path, { ...facts, plan: imagePlan([0, 1]) })).close()
    await write(0)
    const longer = { ...facts, plan: imagePlan([0, 2, 4]), notes: { device: 'cuda' } }
    await (await CertificationLogWriter.open(path, longer)).close()
    expect((await readCertificationLog(path)).facts).toEqual({ ...longer, notes: facts.notes })
    const others = CertificationLogWriter.open(path, { ...facts, plan: imagePlan([1, 2]) })
    await expect(others).rejects.toThrow(/has 1 images that are not to be certified now: 0\./)
  })

  it('refuses to go on with another share of a plan', async () => {
    const share = { number: 1, of: 2, count: 4, sha256: 'aa' }
    await (await CertificationLogWriter.open(path, { ...facts, share })).close()
    await (await CertificationLogWriter.open(path, { ...facts, share })).close()
    for (const other of [{ ...facts, share: { ...share, sha256: 'bb' } }, facts]) {
      await expect(CertificationLogWriter.open(path, other)).rejects.toThrow(/share/)
    }
  })

  it('has a column for pilot votes where the certification is adaptive', async () => {
    const adaptive = { ...facts, configuration: { ...facts.configuration, adaptive: { kind: 'sized' } } }
    const row = { ...entry(3), counts: { ...entry(3).counts, pilot: 64 } }
    for (const one of [row, { ...row, index: 4 }]) {
      await using log = await CertificationLogWriter.open(path, adaptive)
      await log.append(one)
    }
    const [header, first] = (await readFile(path, 'utf8')).split('\n')
    expect(header).toBe(`${LOG_HEADER}\tpilot`)
    expect(first).toBe(formatRow(row))
    expect((await readCertificationLog(path)).rows.map(({ counts }) => counts?.pilot)).toEqual([64, 64])
    await using log = await CertificationLogWriter.open(path, adaptive)
    await expect(log.append(entry(5))).rejects.toThrow(/expected 13 fields, got 12/)
  })

  it('is the only writer while it is open', async () => {
    const log = await CertificationLogWriter.open(path, facts)
    await expect(CertificationLogWriter.open(path, facts)).rejects.toThrow(ConfigError)
    await log.close()
    await write(0)
  })

  it('gives the lock back where it cannot open the log', async () => {
    await write(0)
    const other = { ...facts, configuration: { ...facts.configuration, seed: 1 } }
    await expect(CertificationLogWriter.open(path, other)).rejects.toThrow(/seed/)
    await write(1)
  })

  it('refuses an image that has a row, from this run or an earlier one', async () => {
    await write(0)
    await using log = await CertificationLogWriter.open(path, facts)
    await log.append(entry(1))
    await expect(log.append(entry(0))).rejects.toThrow(/Image 0 has a row/)
    await expect(log.append(entry(1))).rejects.toThrow(DataError)
    expect((await readCertificationLog(path)).rows).toHaveLength(2)
  })

  it('refuses a row that it could not read back, and stays usable', async () => {
    await using log = await CertificationLogWriter.open(path, facts)
    await expect(log.append({ ...entry(0), radius: Number.NaN })).rejects.toThrow(/radius must be/)
    await log.append(entry(0))
    expect((await readCertificationLog(path)).rows).toHaveLength(1)
  })

  it.skipIf(!canMount)('says so when the disk is full, and goes on after the last whole row', async () => {
    const disk = join(folder, 'disk')
    mountDisk(disk, '16k')
    try {
      path = join(disk, 'certify.tsv')
      const log = await CertificationLogWriter.open(path, facts)
      let written = 0
      const fill = async () => {
        for (; written < 1000; written += 1) await log.append(entry(written))
      }
      await expect(fill()).rejects.toThrow(/The row of image \d+ cannot be written to .*ENOSPC/)
      await expect(log.append(entry(2000))).rejects.toThrow(/EBADF|closed/)
      expect((await readCertificationLog(path)).rows).toHaveLength(written)
      remountDisk(disk, 'size=1M')
      await write(written)
      expect((await readCertificationLog(path)).rows.map(({ index }) => index)).toEqual(
        Array.from({ length: written + 1 }, (_, index) => index),
      )
    } finally {
      unmountDisk(disk)
    }
  })

  it('refuses a log that says nothing about its configuration', async () => {
    await write(0)
    await rm(factsPath(path))
    await expect(CertificationLogWriter.open(path, facts)).rejects.toThrow(/nothing says how its rows/)
  })

  it('refuses a log with other columns', async () => {
    await write()
    await writeFile(path, 'idx\tlabel\tpredict\tradius\tcorrect\ttime\n')
    await expect(CertificationLogWriter.open(path, facts)).rejects.toThrow(/other columns/)
  })

  it('closes twice, and writes nothing after', async () => {
    const log = await CertificationLogWriter.open(path, facts)
    await log.close()
    await log.close()
    await expect(log.append(entry(0))).rejects.toThrow(DataError)
    expect((await readCertificationLog(path)).rows).toEqual([])
  })
})

describe('readCertificationLog', () => {
  it('reads a log of another program, without facts', async () => {
    const cohen = join(folder, 'cohen.tsv')
    await writeFile(cohen, 'idx\tlabel\tpredict\tradius\tcorrect\ttime\n0\t3\t3\t0.377\t1\t0:00:14.172309\n')
    const log = await readCertificationLog(cohen)
    expect(log).not.toHaveProperty('facts')
    expect(log.rows).toHaveLength(1)
  })

  it.each([
    ['a missing log', undefined, /There is no certification log/],
    ['facts that are no JSON', '{', /it is no JSON/],
    ['facts without a configuration', '{}', /it has no configuration/],
    ['facts without sigma', '{"configuration": {}}', /configuration\.sigma is no number/],
  ])('refuses %s', async (_what, content, message) => {
    if (content !== undefined) {
      await write(0)
      await writeFile(factsPath(path), content)
    }
    await expect(readCertificationLog(path)).rejects.toThrow(DataError)
    await expect(readCertificationLog(path)).rejects.toThrow(message)
  })
})
