import { describe, expect, it } from 'vitest'
import type { torch } from '../../src'
import { noiseLevelOf } from '../../src/internal'
import { noiseScheduleOf } from '../../src/smoothing/denoise'

/** What of a denoiser these look at. */
const denoiserWith = (schedule: torch.Denoiser['schedule']) => ({ schedule }) as torch.Denoiser

const first = ({ alphasCumprod }: ReturnType<typeof noiseScheduleOf>) => 1 - (alphasCumprod[0] ?? Number.NaN)

describe('the noise schedule of a denoiser', () => {
  const openAi = { steps: 1000, rescaleTimesteps: true } as const

  it('has the ends that the denoiser names, else those of OpenAI', () => {
    const named = noiseScheduleOf(
      denoiserWith({ kind: 'linear', ...openAi, betaStart: 0.001, betaEnd: 0.01 }),
    )
    expect(named.alphasCumprod).toHaveLength(1000)
    expect(first(named)).toBeCloseTo(0.001, 12)
    expect(named.rescaleTimesteps).toBe(true)
    const usual = noiseScheduleOf(denoiserWith({ kind: 'linear', ...openAi }))
    expect(first(usual)).toBeCloseTo(1e-4, 12)
    for (const half of [{ betaStart: 0.001 }, { betaEnd: 0.01 }]) {
      expect(noiseScheduleOf(denoiserWith({ kind: 'linear', ...openAi, ...half }))).toEqual(usual)
    }
  })

  it('has the betas that are listed', () => {
    const listed = denoiserWith({
      ...{ kind: 'explicit', steps: 3, rescaleTimesteps: false },
      betas: [0.5, 0.5, 0.75],
    })
    expect(noiseScheduleOf(listed)).toEqual({ alphasCumprod: [0.5, 0.25, 0.0625], rescaleTimesteps: false })
    // √((1 - 1/4) / (1/4)) = 2 · 0.866
    expect(noiseLevelOf(listed, 0.8)).toMatchObject({ sigma: 0.8, timestep: 1, modelTimestep: 1 })
  })
})
