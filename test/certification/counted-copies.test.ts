import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CertificationConfig, certificationOf, certify, type Session } from '../../src'
import { connectForTest } from '../support/digits'
import { shortRun } from '../support/short-run'

let session: Session
let folder: string
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-counted-'))
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

it.each([
  ['a fixed number of copies', {}],
  ['as many as decide', { adaptive: { radii: [0, 0.5] } }],
] satisfies [string, Partial<CertificationConfig>][])(
  'an image of %s has the same votes where its copies are counted, and nothing is left over',
  async (what, changes) => {
    const source = certificationOf(shortRun(folder))
    const certification = {
      ...source.certification,
      images: { first: 2 },
      n0: 50,
      n: 1000,
      batch: 24,
      ...changes,
    }
    const rowsOf = async (name: string, onCopies?: (copies: number, of: number) => void) => {
      const log = join(folder, `${what}-${name}.tsv`)
      const { rows } = await certify(
        session,
        { ...source, certification },
        { progress: false, log, onCopies },
      )
      return rows.map(({ durationMs, ...row }) => row)
    }
    const counted: [number, number][] = []
    const rows = await rowsOf('counted', (copies, of) => counted.push([copies, of]))
    const alive = session.liveTensors()
    expect(rows).toEqual(await rowsOf('plain'))
    expect(session.liveTensors()).toBe(alive)
    expect(counted.length).toBeGreaterThan(0)
    for (const [copies, of] of counted) {
      expect(copies).toBeGreaterThan(0)
      expect(copies).toBeLessThan(of)
    }
  },
)
