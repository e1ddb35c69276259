import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Session } from '../../src'
import { checkFixtures } from '../../src/fixtures/check-fixtures'
import type { FileReport } from '../../src/fixtures/file-report'
import { connectForTest } from '../support/digits'

const GOLDEN = join(__dirname, '..', 'fixtures')
const FILES = ['boosting_adaptive.json', 'mdds_cascade.json', 'pixeldp.json', 'envelope.json']

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fixtures-'))
  return () => rm(folder, { recursive: true })
})

let shared: Session
beforeAll(async () => {
  shared = await connectForTest()
})
afterAll(() => shared.close())

/** The report of a file. */
async function check(name: string): Promise<FileReport> {
  const session = () => Promise.resolve(shared)
  for await (const report of checkFixtures(folder, { session, logs: undefined })) {
    if (report.name === name) return report
  }
  throw new Error(`no report of ${name}`)
}

describe('the golden numbers of certificates', () => {
  it.each(FILES)('agree with this project: %s', async name => {
    await copyFile(join(GOLDEN, name), join(folder, name))
    const report = await check(name)
    expect(report.misses).toEqual([])
    expect(report.values).toBeGreaterThan(80)
  })

  it.each<[string, readonly (string | number)[], (value: number) => number]>([
    ['boosting_adaptive.json', ['cases', 0, 'certified'], value => -value],
    ['boosting_adaptive.json', ['cases', 0, 'rounds', 0, 'pABar'], value => value * (1 + 1e-8)],
    ['mdds_cascade.json', ['cases', 1, 'radius'], value => value * (1 + 1e-8)],
    ['mdds_cascade.json', ['cases', 1, 'radius_sound'], value => value * (1 + 1e-8)],
    ['mdds_cascade.json', ['predict_cases', 0, 'scores', 1], value => value * (1 + 1e-8)],
    ['pixeldp.json', ['vote_cases', 0, 'robustness'], value => value * (1 + 1e-8)],
    ['pixeldp.json', ['ramp_cases', 4, 'factor'], value => value * (1 + 1e-8)],
    ['pixeldp.json', ['parseval_cases', 0, 'sensitivity'], value => value * (1 + 1e-8)],
    ['pixeldp.json', ['vote_cases', 0, 'supremum_eps_delta'], value => value / 1.01],
    ['pixeldp.json', ['mean_cases', 2, 'p_second_upper'], value => value * (1 + 1e-8)],
    ['envelope.json', ['cases', 0, 'envelope', 0, 'model'], value => value + 1],
  ])('show a change in %s at %j', async (name, path, change) => {
    const document = JSON.parse(await readFile(join(GOLDEN, name), 'utf8'))
    const parent = path.slice(0, -1).reduce((value, step) => value[step], document)
    const last = path.at(-1) as string
    parent[last] = change(parent[last])
    await writeFile(join(folder, name), JSON.stringify(document))
    const { misses } = await check(name)
    expect(misses).toHaveLength(1)
    expect(misses[0]?.where.replace(/ \([^)]*\)/g, '')).toContain(String(path[0]))
  })
})
