import { expect, it } from 'vitest'
import { presets, type RunConfig } from '../../src'
import { keptCheckpoints } from '../../src/runs/checkpoint-policy'
import { planRun } from '../../src/runs/plan-run'

const CONFIG = presets.cifar10({ sigma: 0.5, denoiser: 'd', data: 'c', output: 'o' })
const PLAN = planRun(CONFIG, { trainImages: 50_000 })
const epoch = (number: number) => ({ name: `epoch-${number}`, step: number * 390, epoch: number })
const step = (number: number) => ({ name: `step-${number}`, step: number, epoch: null })
const kept = (present: Parameters<typeof keptCheckpoints>[0], best: number, change = {}) => [
  ...keptCheckpoints(present, {
    config: { ...CONFIG, checkpoints: { ...CONFIG.checkpoints, ...change } } as RunConfig,
    plan: PLAN,
    best: { epoch: best, value: 0.7 },
  }),
]

it("keeps the paper's epochs, the best, and the newest", () => {
  const present = [...[1, 2, 3, 4, 5, 6, 7, 8].map(epoch), step(3200), step(3300)]
  expect(kept(present, 3).sort()).toEqual(['epoch-1', 'epoch-3', 'epoch-5', 'step-3200', 'step-3300'])
  expect(kept(present, 3, { keepLast: 1, keepBest: false }).sort()).toEqual([
    'epoch-1',
    'epoch-5',
    'step-3300',
  ])
})

it('keeps the epoch of early stopping, which is the last', () => {
  expect(kept([19, 20].map(epoch), 19, { keepLast: 1, keepBest: false, everyEpochs: undefined })).toEqual([
    'epoch-20',
  ])
})
