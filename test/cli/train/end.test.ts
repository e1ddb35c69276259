import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { presets } from '../../../src'
import { evaluationLines, nextCommands } from '../../../src/cli/train/end'
import { writeRun } from '../../support/run-folders'

describe('the end of a training', () => {
  let run: string
  beforeEach(async () => {
    run = await mkdtemp(join(tmpdir(), 'ft-cadis-end-'))
    await writeRun(run)
  })
  afterEach(() => rm(run, { recursive: true }))

  async function linesOf(...noisy: (number | null)[]): Promise<string[]> {
    const rows = noisy.map((accuracy, place) => ({
      ...{ kind: 'epoch', epoch: place + 1, step: 10 * (place + 1), clean: 0.9, noisy: accuracy },
    }))
    await writeFile(join(run, 'metrics.jsonl'), rows.map(row => `${JSON.stringify(row)}\n`).join(''))
    return evaluationLines(run)
  }

  it('tells the last and the best epoch, in one line of a terminal', async () => {
    const [line = '', ...others] = await linesOf(0.5, 0.834, 0.667)
    expect(line).toBe('noisy accuracy: 66.7 % after the last epoch, 83.4 % after epoch 2, the best')
    expect(line.length).toBeLessThanOrEqual(80)
    expect(others).toEqual([])
    expect(await linesOf(0.5, 0.834)).toEqual(['noisy accuracy: 83.4 % after the last epoch, the best'])
  })

  it('tells nothing that was not measured', async () => {
    expect(await linesOf()).toEqual([])
    expect(await linesOf(0.5, null)).toEqual([])
  })
})

describe('the next commands', () => {
  const config = presets.digits({ output: 'runs/my run' })

  it('certify the run, unless that was done, and classify by it', () => {
    expect(nextCommands(config, { isCertified: false })).toEqual([
      "certify it: npx ft-cadis certify 'runs/my run'",
      "classify:   npx ft-cadis predict --model 'runs/my run' <images>",
    ])
    expect(nextCommands(config, { isCertified: true })).toEqual([expect.stringContaining('predict')])
  })

  it('are none of a network that gives no classes', () => {
    const router = { ...config, method: { ...config.method, kind: 'router' } } as object as typeof config
    expect(nextCommands(router, { isCertified: false })).toEqual([])
    const denoiser = presets.denoiser.diffusion({ data: 'photos', output: 'runs/x' })
    expect(nextCommands(denoiser, { isCertified: false })).toEqual([])
  })
})
