import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors'
import { ArmLogs } from '../../src/logs/arm-logs'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import { configuration } from '../analysis/logs'
import { loggedRow } from '../support/logged-row'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-arms-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** The logs of two arms. */
const logs = (changes: readonly [object, object] = [{}, {}]) =>
  changes.map((ofArm, arm) => ({
    path: join(folder, `${arm}.tsv`),
    metadata: { configuration: { ...configuration, ...ofArm } },
  }))

const row = (index: number, prediction = 1) => loggedRow({ index, prediction })

it('knows the rows of each arm, those of earlier runs and its own', async () => {
  {
    await using earlier = await ArmLogs.open(logs())
    expect(earlier.armsWithout(3)).toEqual([0, 1])
    expect(earlier.rowsOf(3)).toEqual([])
    await earlier.append(1, row(3, 0))
    expect(earlier.armsWithout(3)).toEqual([0])
    expect(earlier.rowsOf(3)).toEqual([row(3, 0)])
  }
  await using arms = await ArmLogs.open(logs())
  expect(arms.armsWithout(3)).toEqual([0])
  await arms.append(0, row(3))
  expect(arms.rowsOf(3)).toEqual([row(3), row(3, 0)])
  expect(arms.armsWithout(3)).toEqual([])
  for (const { path } of logs()) expect((await readCertificationLog(path)).rows).toHaveLength(1)
})

it('opens all logs or none', async () => {
  await (await ArmLogs.open(logs()))[Symbol.asyncDispose]()
  await expect(ArmLogs.open(logs([{}, { seed: 1 }]))).rejects.toThrow(ConfigError)
  // The first one is free again.
  await using arms = await ArmLogs.open(logs())
  await arms.append(0, row(0))
  expect(await readFile(join(folder, '0.tsv'), 'utf8')).toMatch(/\n0\t1\t/)
})
