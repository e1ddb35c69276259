import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError, DataError } from '../../src/errors'
import { formatRow, LOG_HEADER } from '../../src/logs/certification-log'
import {
  CertificationLogWriter,
  type NewLogMetadata,
  readCertificationLog,
} from '../../src/logs/certification-log-file'
import { metadataPath } from '../../src/logs/certification-log-metadata'
import { earlierRows } from '../../src/logs/earlier-rows'
import { imagePlan } from '../../src/logs/image-plan'
import { loggedRow } from '../support/logged-row'
import { canMount, mountDisk, remountDisk, unmountDisk } from '../support/mount'

const metadata: NewLogMetadata = {
  configuration: {
    sigma: 0.5,
    realisedSigma: 0.5003,
    norm: 'l2',
    // Its radii are chosen, and follow from no votes.
    bound: 'of a test',
    procedure: { kind: 'certify' },
    n0: 100,
    n: 1000,
    alpha: 0.001,
    arithmetic: { dtype: 'float32' },
    seed: 0,
    models: { classifier: 'sha256:aa', denoiser: 'sha256:bb' },
  },
  notes: { device: 'cpu' },
}

const row = (index: number) => loggedRow({ index, label: 3, prediction: 3, radius: index / 7 })

/** Logs as this package wrote them before format 2. */
const EARLIER = join(__dirname, 'format-1')

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-log-'))
  path = join(folder, 'run', 'certify.tsv')
})
afterEach(() => rm(folder, { recursive: true }))

async function write(...indices: number[]): Promise<void> {
  await using log = await CertificationLogWriter.open(path, metadata)
  for (const index of indices) await log.append(row(index))
}

describe('CertificationLogWriter', () => {
  it('creates the folder, the log and its metadata, and leaves nothing else behind', async () => {
    await write(4, 2)
    expect(await readFile(path, 'utf8')).toBe(`${LOG_HEADER}\n${formatRow(row(4))}\n${formatRow(row(2))}\n`)
    expect(JSON.parse(await readFile(metadataPath(path), 'utf8'))).toEqual({ format: 2, ...metadata })
    expect((await readdir(join(folder, 'run'))).sort()).toEqual(['certify.tsv', 'certify.tsv.json'])
    const read = await readCertificationLog(path)
    expect(read).toMatchObject({ file: path, metadata, rows: [{ index: 4 }, { index: 2 }] })
  })

  it('has the row in the file when append returns', async () => {
    await using log = await CertificationLogWriter.open(path, metadata)
    await log.append(row(0))
    expect((await readCertificationLog(path)).rows).toHaveLength(1)
  })

  it('continues wherever a kill cut the log', async () => {
    await write(0, 1)
    const whole = await readFile(path, 'utf8')
    const firstRowEnds = `${LOG_HEADER}\n${formatRow(row(0))}\n`.length
    for (let length = firstRowEnds; length <= whole.length; length += 1) {
      await writeFile(path, whole.slice(0, length))
      const log = await CertificationLogWriter.open(path, metadata)
      const complete = length === whole.length
      expect(log.earlierRows.map(({ index }) => index)).toEqual(complete ? [0, 1] : [0])
      expect(log.droppedPartialRow).toBe(length > firstRowEnds && !complete)
      expect([0, 1, 2].map(index => log.has(index))).toEqual([true, complete, false])
      if (!complete) await log.append(row(1))
      await log.close()
      expect(await readFile(path, 'utf8')).toBe(whole)
    }
  })

  it('continues when a kill came between the metadata and the log', async () => {
    await write()
    await rm(path)
    await write(5)
    expect((await readCertificationLog(path)).rows).toMatchObject([{ index: 5 }])
  })

  it('refuses another configuration and lists every difference', async () => {
    await write(0)
    const other: NewLogMetadata = {
      configuration: {
        ...metadata.configuration,
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

  it('continues under other notes and keeps the first', async () => {
    await write(0)
    const log = await CertificationLogWriter.open(path, { ...metadata, notes: { device: 'cuda' } })
    await log.close()
    expect((await readCertificationLog(path)).metadata?.notes).toEqual({ device: 'cpu' })
  })

  it('continues with a plan that has all of its images, and says the new one', async () => {
    await (await CertificationLogWriter.open(path, { ...metadata, plan: imagePlan([0, 1]) })).close()
    await write(0)
    const longer = { ...metadata, plan: imagePlan([0, 2, 4]), notes: { device: 'cuda' } }
    await (await CertificationLogWriter.open(path, longer)).close()
    expect((await readCertificationLog(path)).metadata).toEqual({
      format: 2,
      ...longer,
      notes: metadata.notes,
    })
    const others = CertificationLogWriter.open(path, { ...metadata, plan: imagePlan([1, 2]) })
    await expect(others).rejects.toThrow(/has 1 images that are not to be certified now: 0\./)
  })

  it('refuses to continue with another share of a plan', async () => {
    const share = { number: 1, of: 2, count: 4, sha256: 'aa' }
    await (await CertificationLogWriter.open(path, { ...metadata, share })).close()
    await (await CertificationLogWriter.open(path, { ...metadata, share })).close()
    for (const other of [{ ...metadata, share: { ...share, sha256: 'bb' } }, metadata]) {
      await expect(CertificationLogWriter.open(path, other)).rejects.toThrow(/share/)
    }
  })

  it('refuses to continue a log of format 1, and says what to do', async () => {
    await copyFile(join(EARLIER, 'certify.tsv'), join(folder, 'earlier.tsv'))
    await copyFile(join(EARLIER, 'certify.tsv.json'), join(folder, 'earlier.tsv.json'))
    const before = await readFile(join(folder, 'earlier.tsv'), 'utf8')
    const opened = CertificationLogWriter.open(join(folder, 'earlier.tsv'), metadata)
    await expect(opened).rejects.toThrow(ConfigError)
    await expect(opened).rejects.toThrow(
      /earlier\.tsv has format 1, which is read but not continued; this version writes format 2\. .*--output/,
    )
    expect(await readFile(join(folder, 'earlier.tsv'), 'utf8')).toBe(before)
  })

  it('refuses noise of another version of the random streams, and names both', async () => {
    // Logs of earlier versions do not say theirs.
    await write(0)
    const before = await readFile(path, 'utf8')
    const later = { ...metadata, configuration: { ...metadata.configuration, streams: 2, seed: 1 } }
    const opened = CertificationLogWriter.open(path, later)
    await expect(opened).rejects.toThrow(ConfigError)
    await expect(opened).rejects.toThrow(
      /certify\.tsv has noise of random streams of version 1, expected version 2: .* Start afresh: .*--output/,
    )
    const { configuration } = later
    await expect(earlierRows([path], { configuration, indices: [0] })).rejects.toThrow(
      /of version 1, expected/,
    )
    expect(await readFile(path, 'utf8')).toBe(before)
  })

  it('is the only writer while it is open', async () => {
    const log = await CertificationLogWriter.open(path, metadata)
    await expect(CertificationLogWriter.open(path, metadata)).rejects.toThrow(ConfigError)
    await log.close()
    await write(0)
  })

  it('appends nothing once another process has taken it over', async () => {
    await using log = await CertificationLogWriter.open(path, metadata)
    await log.append(row(0))
    await rm(`${path}.lock`)
    await using other = await CertificationLogWriter.open(path, metadata)
    await other.append(row(1))
    await expect(log.append(row(2))).rejects.toThrow(/no longer held by this process/)
    expect((await readCertificationLog(path)).rows.map(({ index }) => index)).toEqual([0, 1])
  })

  it('gives the lock back where it cannot open the log', async () => {
    await write(0)
    const other = { ...metadata, configuration: { ...metadata.configuration, seed: 1 } }
    await expect(CertificationLogWriter.open(path, other)).rejects.toThrow(/seed/)
    await write(1)
  })

  it('refuses an image that has a row, from this run or an earlier one', async () => {
    await write(0)
    await using log = await CertificationLogWriter.open(path, metadata)
    await log.append(row(1))
    await expect(log.append(row(0))).rejects.toThrow(/Image 0 has a row/)
    await expect(log.append(row(1))).rejects.toThrow(DataError)
    expect((await readCertificationLog(path)).rows).toHaveLength(2)
  })

  it('refuses a row that it could not read back, and stays usable', async () => {
    await using log = await CertificationLogWriter.open(path, metadata)
    await expect(log.append({ ...row(0), radius: Number.NaN })).rejects.toThrow(/radius must be/)
    await log.append(row(0))
    expect((await readCertificationLog(path)).rows).toHaveLength(1)
  })

  it.skipIf(!canMount)('says so when the disk is full, and continues after the last whole row', async () => {
    const disk = join(folder, 'disk')
    mountDisk(disk, '16k')
    try {
      path = join(disk, 'certify.tsv')
      const log = await CertificationLogWriter.open(path, metadata)
      let written = 0
      const fill = async () => {
        for (; written < 1000; written += 1) await log.append(row(written))
      }
      await expect(fill()).rejects.toThrow(/The row of image \d+ cannot be written to .*ENOSPC/)
      await expect(log.append(row(2000))).rejects.toThrow(/EBADF|closed/)
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
    await rm(metadataPath(path))
    await expect(CertificationLogWriter.open(path, metadata)).rejects.toThrow(/nothing says how its rows/)
  })

  it('refuses to append to a log that an editor saved otherwise, and reads it', async () => {
    await write(0)
    const text = await readFile(path, 'utf8')
    for (const bytes of [Buffer.from(`\uFEFF${text}`), Buffer.from(`\uFEFF${text}`, 'utf16le')]) {
      await writeFile(path, bytes)
      await expect(CertificationLogWriter.open(path, metadata)).rejects.toThrow(
        /is written in UTF-\d+ .*without a mark/,
      )
      expect((await readCertificationLog(path)).rows).toHaveLength(1)
      expect(await readFile(path)).toEqual(bytes)
    }
  })

  it('refuses a log with other columns', async () => {
    await write()
    await writeFile(path, 'idx\tlabel\tpredict\tradius\tcorrect\ttime\n')
    await expect(CertificationLogWriter.open(path, metadata)).rejects.toThrow(/other columns/)
  })

  it('closes twice, and writes nothing after', async () => {
    const log = await CertificationLogWriter.open(path, metadata)
    await log.close()
    await log.close()
    await expect(log.append(row(0))).rejects.toThrow(DataError)
    expect((await readCertificationLog(path)).rows).toEqual([])
  })
})

describe('readCertificationLog', () => {
  it('reads the logs of earlier versions, their configuration as that of today', async () => {
    const { rows, metadata } = await readCertificationLog(join(EARLIER, 'certify.tsv'))
    expect(rows).toHaveLength(20)
    expect(rows[0]).toEqual({
      ...{ index: 0, label: 6, prediction: 6, radius: 0.3257890478144421, correct: true },
      finding: { kind: 'certified', class: 6, radius: 0.3257890478144421 },
      durationMs: expect.closeTo(209.968),
      evidence: { candidate: 6, candidateCount: 714, runnerUp: 8, runnerUpCount: 105, n0: 100, n: 1000 },
    })
    expect(rows[2]?.finding).toEqual({ kind: 'abstains' })
    expect(metadata).toMatchObject({
      format: 1,
      configuration: {
        ...{ sigma: 0.75, n0: 100, n: 1000, alpha: 0.001, seed: 0, norm: 'l2', bound: 'gaussian' },
        procedure: { kind: 'certify' },
        arithmetic: { dtype: 'float32', denoiserDtype: 'float32', autocast: 'none', compile: false },
      },
      plan: { count: 20, images: '0-19' },
    })
    expect(metadata?.configuration).not.toHaveProperty('dtype')

    const adaptive = await readCertificationLog(join(EARLIER, 'adaptive.tsv'))
    expect(adaptive.rows[0]).toMatchObject({ radius: 0.25, evidence: { n: 592, pilot: 0 } })
    expect(adaptive.metadata?.configuration.procedure).toEqual({
      ...{ kind: 'grid', radii: [0, 0.25, 0.5, 0.75], block: 16, worth: 5000 },
    })
  })

  it('reads a log of another program, without metadata', async () => {
    const cohen = join(folder, 'cohen.tsv')
    await writeFile(cohen, 'idx\tlabel\tpredict\tradius\tcorrect\ttime\n0\t3\t3\t0.377\t1\t0:00:14.172309\n')
    const log = await readCertificationLog(cohen)
    expect(log).not.toHaveProperty('metadata')
    expect(log.rows).toHaveLength(1)
  })

  it.each([
    ['a missing log', undefined, /The certification log .* does not exist/],
    ['metadata that are not JSON', '{', /it is not JSON/],
    ['metadata without a configuration', '{}', /it has no configuration/],
    [
      'a format of a later version',
      '{"format": 3, "configuration": {"sigma": 1, "n0": 1, "n": 1, "alpha": 0.1, "seed": 0}}',
      /has format 3, and this version reads 1 and 2/,
    ],
    ...(
      [
        ['a sigma of 0', { sigma: 0 }, /configuration\.sigma is not above 0/],
        ['an alpha of 2', { alpha: 2 }, /configuration\.alpha is not between 0 and 1/],
        ['no procedure', {}, /configuration\.procedure is missing/],
      ] as const
    ).map(([what, changes, reason]): [string, string, RegExp] => [
      `metadata with ${what}`,
      JSON.stringify({
        format: 2,
        configuration: { sigma: 1, n0: 1, n: 1, alpha: 0.1, seed: 0, ...changes },
      }),
      reason,
    ]),
    ['metadata without sigma', '{"configuration": {}}', /configuration\.sigma is not a number/],
    ...(
      [
        ['a plan without images', { plan: { count: 3 } }, /plan is not a count and a list of images/],
        ['a share that is none', { share: { number: 1 } }, /share is not the number of a share/],
      ] as const
    ).map(([what, fields, reason]): [string, string, RegExp] => [
      `metadata with ${what}`,
      JSON.stringify({
        format: 2,
        configuration: { sigma: 1, n0: 1, n: 1, alpha: 0.1, seed: 0, procedure: { kind: 'certify' } },
        ...fields,
      }),
      reason,
    ]),
  ])('refuses %s', async (_what, content, message) => {
    if (content !== undefined) {
      await write(0)
      await writeFile(metadataPath(path), content)
    }
    await expect(readCertificationLog(path)).rejects.toThrow(DataError)
    await expect(readCertificationLog(path)).rejects.toThrow(message)
  })
})
