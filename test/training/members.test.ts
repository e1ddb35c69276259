import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, certificationOf, certify, finetune, readSmoothed, type Session } from '../../src'
import { smoothedSource } from '../../src/cli/smoothed-source'
import { parseUnknownConfig } from '../../src/config/schema'
import { connectForTest } from '../support/digits'
import { HOOKS, kindRun } from '../support/every-kind'
import { readTensors } from '../support/run-files'

describe('members that are trained together', () => {
  let session: Session
  let folder: string
  let checkpoint: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-members-'))
    checkpoint = await train(run())
  })
  afterAll(async () => {
    await session?.close()
    await rm(folder, { recursive: true })
  })

  const run = (change: object = {}, name = 'members') => {
    const config = kindRun('diverse-ensemble', folder, '')
    return parseUnknownConfig({ ...config, ...change, output: join(folder, name) })
  }

  async function train(config: ReturnType<typeof run>): Promise<string> {
    const result = await finetune(session, config, { ...HOOKS, stopAfterUpdates: 2 })
    session.free([result.networks, result.smoothing])
    return result.checkpoint
  }

  const weightsOf = (member: number) =>
    readTensors(join(checkpoint, 'members', `${member}`, 'model.safetensors'))

  it('each have their own weights', async () => {
    expect((await readdir(join(checkpoint, 'members'))).sort()).toEqual(['0', '1'])
    const [first, second] = [await weightsOf(0), await weightsOf(1)]
    expect([...second.keys()]).toEqual([...first.keys()])
    expect([...(second.get('4.weight') ?? [])]).not.toEqual([...(first.get('4.weight') ?? [])])
  })

  it('are certified as the ensemble that they are', async () => {
    const source = await smoothedSource(join(folder, 'members'), { classifier: [] } as never)
    expect(source.config).toMatchObject({
      checkpoint: join(checkpoint, 'members', '0'),
      ensemble: { others: [{ checkpoint: join(checkpoint, 'members', '1') }], by: 'logits' },
    })
    // Its folder `members` holds no runs.
    const ofCheckpoint = await smoothedSource(checkpoint, { classifier: [] } as never)
    expect(ofCheckpoint.config).toEqual(source.config)
    const config = certificationOf(run(), checkpoint)
    const { rows } = await certify(session, {
      ...config,
      certification: { ...config.certification, n0: 10, n: 20, images: { first: 2 } },
    })
    expect(rows).toHaveLength(2)
  })

  it('are certified alone too, each by its folder', async () => {
    const smoothed = await readSmoothed(join(checkpoint, 'members', '1'))
    expect(smoothed?.config).toMatchObject({ checkpoint: join(checkpoint, 'members', '1') })
    expect(smoothed?.config.ensemble).toBeUndefined()
  })

  it('that would begin as one network twice are refused', async () => {
    const { classifier } = run()
    const seeded = run({ classifier: { ...classifier, factory: 'seeded' } }, 'seeded')
    await expect(train(seeded)).rejects.toThrow(ConfigError)
    await expect(train(seeded)).rejects.toThrow(
      'The members 0 and 1 of the ensemble begin with the same weights, and would be one network twice.',
    )
  })

  it('begin with their own weight files', async () => {
    const weights = [0, 1].map(member => join(checkpoint, 'members', `${member}`, 'model.safetensors'))
    const { method, classifier } = run()
    const config = run(
      { method: { ...method, weights }, classifier: { ...classifier, factory: 'seeded' } },
      'begun',
    )
    await train(config)
    const { weights: recorded } = (await import(join(folder, 'begun', 'config.json'))) as {
      weights: { files: object }
    }
    expect(Object.keys(recorded.files)).toEqual(['method.weights.0', 'method.weights.1'])
  })

  it('share no update: their loss is not a sum over micro-batches', async () => {
    const { optimisation } = run()
    const inTwo = run({ optimisation: { ...optimisation, imagesPerMicroBatch: 225 } }, 'in-two')
    await expect(train(inTwo)).rejects.toThrow(
      'The loss of the method diverse-ensemble is not a sum over micro-batches, but an update has 2 of them.',
    )
  })
})
