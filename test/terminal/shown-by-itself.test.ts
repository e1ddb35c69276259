import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { certificationOf, certify, finetune, type Session } from '../../src'
import { connectForTest } from '../support/digits'
import { shortRun } from '../support/short-run'
import { type PretendedStream, pretendStream, screenOf } from '../support/terminal'

let session: Session
let folder: string
let stderr: PretendedStream | undefined
let said: string[]
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-shown-'))
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  said = []
  for (const method of ['log', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation(line => void said.push(line))
  }
})
afterEach(() => {
  vi.restoreAllMocks()
  stderr?.restore()
})

async function train(progress?: boolean): Promise<void> {
  const { networks, smoothing } = await finetune(session, shortRun(join(folder, 'run')), {
    ...{ progress, stopAfterUpdates: 2, updatesOnly: true, existing: 'replace' },
  })
  session.free([networks, smoothing])
}

let logs = 0
async function certifyTwo(progress?: boolean): Promise<void> {
  const source = certificationOf(shortRun(folder))
  const certification = { ...source.certification, images: { first: 2 }, n0: 4, n: 10 }
  logs += 1
  await certify(session, { ...source, certification }, { progress, log: join(folder, `${logs}.tsv`) })
}

describe.each([
  ['finetune', train, /^epoch 1\/1 · step 2\/2 · /],
  ['certify', certifyTwo, /^image 2\/2 · /],
] as const)('%s', (_, work, line) => {
  it('shows on a terminal how far it is, unless told not to', async () => {
    stderr = pretendStream('stderr', { isTTY: true, columns: 60 })
    await work(false)
    expect({ written: stderr.written(), said }).toEqual({ written: '', said: [] })
    await work()
    expect((await screenOf(stderr.written())).at(-2)).toMatch(line)
  })

  it('says nothing without a terminal, unless told to', async () => {
    stderr = pretendStream('stderr', { isTTY: false })
    await work()
    expect({ written: stderr.written(), said }).toEqual({ written: '', said: [] })
    await work(true)
    expect(said.filter(text => line.test(text))).toHaveLength(1)
  })
})
