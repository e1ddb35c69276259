import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError, presets } from '../../src'
import { planRun } from '../../src/internal'
import { soleProcess } from '../../src/torch'
import { type Launch, openRun } from '../../src/training/open-run'

/** What a launcher's restart does with what is in the run folder. */

let output: string
beforeEach(async () => {
  output = await mkdtemp(join(tmpdir(), 'ft-cadis-open-run-'))
})
afterEach(() => rm(output, { recursive: true }))

/** A run of 8 updates an epoch that was killed before its first checkpoint, of a launch or of none. */
async function leaveRun(launchIds?: readonly string[]): Promise<void> {
  const state = {
    state: 'running',
    step: 0,
    steps: 8,
    checkpoint: null,
    updatedAt: '2026-01-02T03:04:05.678Z',
  }
  await writeFile(join(output, 'state.json'), JSON.stringify({ ...state, ...(launchIds && { launchIds }) }))
  await writeFile(join(output, 'metrics.jsonl'), '{"kind":"update","epoch":1,"step":1}\n')
  await mkdir(join(output, 'samples'))
}

async function open(existing: 'refuse' | 'replace' | 'resume' | undefined, launch: Launch) {
  const config = presets.digits({ denoiser: 'd', classifier: 'c', output })
  const plan = planRun(config, { trainImages: 1000 })
  const { folder, checkpoint } = await openRun(soleProcess(), config, { plan, existing, launch, traces: {} })
  await folder?.begin(
    {},
    {
      resumed: checkpoint?.state ?? null,
      state: { state: 'running', step: 0, steps: 8, checkpoint: null, launchIds: launch.ids },
    },
  )
  await folder?.close()
}

const files = async () => (await readdir(output)).filter(name => name !== 'run.lock').sort()
const restart = (...ids: string[]): Launch => ({ ids, isRestart: true })

describe('a restart by the launcher', () => {
  it.each([undefined, 'refuse'] as const)(
    'refuses the run of another launch that its first start has refused (existing: %s)',
    async existing => {
      await leaveRun(['other'])
      const before = await files()
      await expect(open(existing, restart('mine'))).rejects.toThrow(ConfigError)
      await expect(open(existing, restart('mine'))).rejects.toThrow(/already holds a run/)
      await expect(open(existing, restart())).rejects.toThrow(/already holds a run/)
      expect(await files()).toEqual(before)
    },
  )

  it.each([undefined, 'refuse', 'replace', 'resume'] as const)(
    'continues with what its first start has begun (existing: %s), which any of its machines knows',
    async existing => {
      await leaveRun(['machine 1', 'machine 2'])
      await open(existing, restart('machine 2', 'machine 3'))
      expect(JSON.parse(await readFile(join(output, 'state.json'), 'utf8'))).toMatchObject({
        launchIds: ['machine 2', 'machine 3'],
      })
    },
  )

  it('replaces the run that its first start was told to replace, and had not come to', async () => {
    await leaveRun(['other'])
    await open('replace', restart('mine'))
    expect(await readFile(join(output, 'metrics.jsonl'), 'utf8')).toBe('')
  })

  it('replaces nothing where nothing says whether it has begun the run itself', async () => {
    await leaveRun()
    const before = await files()
    await expect(open('replace', restart())).rejects.toThrow(/nothing says whether it has begun the run/)
    expect(await files()).toEqual(before)
  })

  it('is told from a first start, whose launch may have run a program on the folder before', async () => {
    await leaveRun(['mine'])
    await expect(open('refuse', { ids: ['mine'], isRestart: false })).rejects.toThrow(/already holds a run/)
  })
})

it('a run that is replaced is there until the new one has a checkpoint', async () => {
  await leaveRun()
  await open('replace', { ids: [], isRestart: false })
  const [replaced = ''] = (await files()).filter(name => name.startsWith('.replaced-'))
  expect((await readdir(join(output, replaced))).sort()).toEqual(['metrics.jsonl', 'samples', 'state.json'])
})
