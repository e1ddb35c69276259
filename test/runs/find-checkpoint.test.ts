import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CheckpointError, findCheckpoint, listCheckpoints } from '../../src'
import { clearUnfinished } from '../../src/runs/list-checkpoints'
import { writeRun } from '../support/run-folders'

let run: string
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'ft-cadis-find-checkpoint-'))
  await writeRun(run)
})
afterEach(() => rm(run, { recursive: true }))

async function leave(steps: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, step] of Object.entries(steps)) {
    await mkdir(join(run, 'checkpoints', name), { recursive: true })
    await writeFile(join(run, 'checkpoints', name, 'trainer.json'), JSON.stringify({ step }))
  }
}

describe('the checkpoint of a run', () => {
  it.each<[string, Record<string, number>]>([
    ['step-000013', { 'epoch-01': 10, 'step-000013': 13, 'step-000007': 7 }],
    ['epoch-02', { 'epoch-01': 10, 'epoch-02': 20, 'step-000013': 13 }],
    // The last epoch of a run may be cut short.
    ['epoch-02', { 'epoch-01': 10, 'step-000011': 11, 'epoch-02': 12 }],
    ['epoch-100', { 'epoch-99': 990, 'epoch-100': 1000 }],
    ['step-1000000', { 'step-1000000': 1e6, 'step-999999': 999_999 }],
  ])('is %s of %j, the newest by its step', async (newest, steps) => {
    await leave({ ...steps, 'not a checkpoint': 1e9 })
    expect((await findCheckpoint(run)).checkpoint).toBe(join(run, 'checkpoints', newest))
  })

  it('is the one that is named', async () => {
    await leave({ 'step-000007': 7, 'epoch-01': 10 })
    const named = join(run, 'checkpoints', 'step-000007')
    expect(await findCheckpoint(named)).toMatchObject({ checkpoint: named, config: { output: run } })
  })

  it('is the best or a certain one of a run where that is asked for', async () => {
    await leave({ 'epoch-01': 10, 'epoch-02': 20, 'epoch-03': 30 })
    const chosen = async (checkpoint: string) =>
      basename((await findCheckpoint(run, { checkpoint })).checkpoint)
    expect(await chosen('last')).toBe('epoch-03')
    expect(await chosen('epoch-02')).toBe('epoch-02')
    await expect(chosen('epoch-09')).rejects.toThrow(
      /has no checkpoint epoch-09\. Choose last, best or one of epoch-01, epoch-02, epoch-03/,
    )
    await writeFile(join(run, 'metrics.jsonl'), '')
    await expect(chosen('best')).rejects.toThrow(/No epoch .* has been evaluated/)
    const epoch = (number: number, denoised: number) =>
      `${JSON.stringify({ kind: 'epoch', epoch: number, step: 10 * number, clean: 0.9, denoised })}\n`
    await writeFile(join(run, 'metrics.jsonl'), epoch(1, 0.4) + epoch(2, 0.6) + epoch(3, 0.5))
    expect(await chosen('best')).toBe('epoch-02')
    await rm(join(run, 'checkpoints', 'epoch-02'), { recursive: true })
    await expect(chosen('best')).rejects.toThrow(
      /Epoch 2 .* is the best by .*, but its checkpoint is not there/,
    )
    await expect(
      findCheckpoint(join(run, 'checkpoints', 'epoch-01'), { checkpoint: 'best' }),
    ).rejects.toThrow(/is a checkpoint itself/)
  })

  it('is also found where a kill has left it moved aside, and is given its name back by the run', async () => {
    await leave({ '.replaced-epoch-01': 10 })
    const checkpoints = join(run, 'checkpoints')
    expect((await findCheckpoint(run)).checkpoint).toBe(join(checkpoints, '.replaced-epoch-01'))
    await leave({ '.step-000011.7.unfinished': 11 })
    await clearUnfinished(checkpoints)
    expect(await readdir(checkpoints)).toEqual(['epoch-01'])
  })

  it('is looked for in a folder: a file is named as one, and weights get the command that certifies them', async () => {
    await expect(findCheckpoint(join(run, 'none'))).rejects.toThrow(/^The folder .*none does not exist\./)
    const found = (name: string) => findCheckpoint(join(run, name))
    for (const name of ['x.pth', 'x.PT', 'x.safetensors', 'x.bin']) {
      await writeFile(join(run, name), 'weights')
      await expect(found(name)).rejects.toThrow(
        new RegExp(
          `^${join(run, name)} is a file, expected the folder of a run or of a checkpoint\\. Make a configuration with \`npx ft-cadis inspect <folder of photos> ${join(run, name)} --write config\\.json\`\\.$`,
        ),
      )
    }
    await writeFile(join(run, 'x.json'), '{}')
    await expect(found('x.json')).rejects.toThrow(/x\.json is a file, .* Give the folder of a run, or/)
    await expect(found('x.json')).rejects.toThrow(CheckpointError)
  })

  it('is refused where there is none, or one does not say its step', async () => {
    await expect(findCheckpoint(run)).rejects.toThrow(/has left no checkpoint\. Let it train/)
    await leave({ 'epoch-01': 10, 'step-000013': 13 })
    await rm(join(run, 'checkpoints', 'epoch-01', 'trainer.json'))
    await expect(findCheckpoint(run)).rejects.toThrow(CheckpointError)
    await expect(findCheckpoint(run)).rejects.toThrow(
      /epoch-01 is not a complete checkpoint: trainer\.json is missing/,
    )
  })
})

it('lists checkpoints by the step that they say, and a part of an epoch as none', async () => {
  await leave({ 'step-000007': 7, 'epoch-02': 12, 'epoch-01': 10 })
  // As earlier versions named the part of an epoch that a run ended in.
  await writeFile(
    join(run, 'checkpoints', 'epoch-02', 'trainer.json'),
    JSON.stringify({ format: 1, step: 12, epoch: 2, updatesInEpoch: 2 }),
  )
  expect(await listCheckpoints(join(run, 'checkpoints'))).toEqual([
    { name: 'step-000007', step: 7, epoch: null },
    { name: 'epoch-01', step: 10, epoch: 1 },
    { name: 'epoch-02', step: 12, epoch: null },
  ])
  await writeFile(join(run, 'checkpoints', 'step-000007', 'trainer.json'), '{')
  await expect(listCheckpoints(join(run, 'checkpoints'))).rejects.toThrow(CheckpointError)
  const others = await listCheckpoints(join(run, 'checkpoints'), { damaged: 'skip' })
  expect(others.map(({ name }) => name)).toEqual(['epoch-01', 'epoch-02'])
})
