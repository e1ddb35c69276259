import { expect, it } from 'vitest'
import { certificationOf, parseConfig, presets, type RunConfigInput } from '../../src'
import { chosenCheckpoint } from '../../src/cli/smoothed-source'
import { defaultLogPath } from '../../src/internal'

const digits = presets.digits({ sigma: 0.25, output: 'run' })
const methods: Readonly<Record<string, object>> = {
  classifier: {},
  members: { method: { kind: 'diverse-ensemble', gradientWeight: 1, marginWeight: 1 } },
  denoiser: {
    method: { kind: 'denoiser' },
    smoothing: { sigma: 0.25, denoiser: { source: 'dncnn', channels: 1 } },
  },
}

it.each(Object.entries(methods))(
  'logs of two checkpoints of a run that has trained its %s have two names',
  (_, method) => {
    const run = parseConfig({ ...digits, ...method } as RunConfigInput)
    const logOf = (epoch: string, checkpoint?: string) => {
      const config = certificationOf(run, `run/checkpoints/${epoch}`)
      return defaultLogPath(config, chosenCheckpoint(config, { checkpoint }))
    }
    expect(logOf('epoch-01', 'epoch-01')).toBe('run/certify-epoch-01-sigma-0.25.tsv')
    expect(logOf('epoch-02', 'best')).toBe('run/certify-epoch-02-sigma-0.25.tsv')
    expect(logOf('epoch-02')).toBe('run/certify-sigma-0.25.tsv')
  },
)

it('a denoiser of another run names no checkpoint of this one', () => {
  const { smoothing } = certificationOf(digits)
  expect(chosenCheckpoint({ checkpoint: undefined, smoothing }, { checkpoint: 'last' })).toBeUndefined()
})
