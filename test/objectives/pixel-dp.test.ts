import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finetune, type Session, torch } from '../../src'
import { parseUnknownConfig } from '../../src/config/schema'
import { noiseShareAfter } from '../../src/objectives/pixel-dp'
import { connectForTest } from '../support/digits'
import { HOOKS, kindRun } from '../support/every-kind'
import { reproducibleRows } from '../support/run-files'

it('the noise of PixelDP grows from a tenth to all of it, which it is above nine tenths', () => {
  const shares = [0, 1, 2, 3, 4, 5].map(updates => noiseShareAfter(updates, { rampRate: 0.5 }))
  expect(shares).toEqual([expect.closeTo(0.1, 12), 0.5, 0.75, 0.875, 1, 1])
  expect([0, 1, 2].map(updates => noiseShareAfter(updates, { rampRate: 0 }))).toEqual([
    ...[expect.closeTo(0.1, 12), 1, 1],
  ])
})

describe('PixelDP', () => {
  let session: Session
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-pixel-dp-'))
  })
  afterAll(async () => {
    await session?.close()
    await rm(folder, { recursive: true })
  })

  async function updates(
    kind: 'gaussian' | 'pixel-dp',
    sigma: number,
  ): Promise<readonly Record<string, number>[]> {
    const run = kindRun(kind, join(folder, String(sigma)), '')
    const { networks, smoothing } = await finetune(
      session,
      parseUnknownConfig({ ...run, smoothing: { ...run.smoothing, sigma } }),
      { ...HOOKS, updatesOnly: true },
    )
    session.free([networks, smoothing])
    const rows = (await reproducibleRows(join(folder, String(sigma), kind))) as Record<string, number>[]
    return rows.filter(row => 'loss' in row)
  }

  it('keeps the sensitivity of the first layer at 1 for pixels by a step after each update', async () => {
    const sensitivity = async (parsevalBeta: number) => {
      const run = kindRun('layer-noise', join(folder, `beta-${parsevalBeta}`), '')
      const { networks, smoothing } = await finetune(
        session,
        parseUnknownConfig({ ...run, method: { ...run.method, parsevalBeta, parsevalLoops: 100 } }),
        { ...HOOKS, updatesOnly: true },
      )
      const { found } = await session.compute(() => ({
        found: torch.firstLayerSensitivity(networks.classifier, { imageShape: [1, 8, 8] }),
      }))
      session.free([networks, smoothing])
      // Images in [-1, 1] are twice as long.
      return 2 * found
    }
    expect(await sensitivity(0.1)).toBeLessThan(1 + 1e-5)
    expect(await sensitivity(0)).toBeGreaterThan(1.5)
  })

  it('learns under the noise of its ramp', async () => {
    const ramped = await updates('pixel-dp', 0.25)
    expect(ramped.map(({ noiseShare }) => noiseShare)).toEqual(
      [0.1, 0.5, 0.75, 0.875].map(share => expect.closeTo(share, 6)),
    )
    const [first] = await updates('gaussian', 0.025)
    const [whole] = await updates('gaussian', 0.25)
    expect(ramped[0]?.loss).toBeCloseTo(first?.loss ?? Number.NaN, 5)
    expect(Math.abs((ramped[0]?.loss ?? 0) - (whole?.loss ?? 0))).toBeGreaterThan(1e-3)
  })
})
