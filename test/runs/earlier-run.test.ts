import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { renderReport } from '../../src/analysis/report'
import { parseConfig } from '../../src/config/schema'
import { CheckpointError } from '../../src/errors'
import { EARLIER_OBJECTIVE } from '../../src/objectives/description'
import { readCheckpoint } from '../../src/runs/checkpoint'
import { isReadable, listRuns } from '../../src/runs/list-runs'
import { readLatestMetrics, readMetrics } from '../../src/runs/read-metrics'
import { readRun } from '../../src/runs/read-run'
import { runReport } from '../../src/runs/report/run-report'
import { requireOwnFormat, requireSameRun } from '../../src/runs/resume'
import { readSmoothed } from '../../src/smoothing/smoothed-file'

/** What version 0.1.0 wrote: a run of three epochs, of whose rows a few are left and of whose last checkpoint the JSON. */
const EARLIER = join(__dirname, '..', 'support', 'earlier-run')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-earlier-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('an earlier run is read, with what its numbers are called today', async () => {
  const run = await readRun(EARLIER)
  expect(run.metadata.objective).toEqual(EARLIER_OBJECTIVE)
  expect(run.updates.map(({ step }) => step)).toEqual([1, 2, 50])
  const { metrics, ...update } = run.updates[0] ?? {}
  expect(update).toMatchObject({
    ...{ epoch: 1, update: 1, updatesPerEpoch: 18, epochs: 3, step: 1, steps: 50 },
    ...{ loss: 1.017777144908905, lossTerm: 0, taken: true, roundTrips: 4, deviceBytes: null },
  })
  expect(update).not.toHaveProperty('answers')
  expect(metrics).toEqual({
    ...{ selectiveCrossEntropy: 0.09995657578110695, adversarial: 0.4589103013277054 },
    ...{ keptShare: 0.51171875, allKeptShare: 0.09375, denoisedAccuracy: 0.51171875 },
    ...{ attackedShare: 0.09375, attackSuccess: 0.3333333333333333, epsilon: 0.5 },
  })
  expect(new Set(Object.keys(metrics ?? {}))).toEqual(new Set(Object.keys(EARLIER_OBJECTIVE.metrics)))
  expect(run.epochs.at(-1)).toEqual({
    ...{ epoch: 3, step: 50, skippedImages: 0, skippedPaths: [] },
    metrics: { clean: 0.8442211055276382, noisy: 0.5209380234505863 },
  })
})

it('an earlier run is listed and reported', async () => {
  const [summary] = await listRuns(EARLIER)
  if (summary === undefined || !isReadable(summary)) throw new Error('The run cannot be read.')
  expect(summary).toMatchObject({
    latest: { step: 50 },
    bestEpoch: { epoch: 3, metrics: { noisy: 0.5209380234505863 } },
  })
  const page = renderReport(await runReport([{ name: 'earlier', run: await readRun(EARLIER) }]))
  expect(page).toContain('52.1 %</span> (epoch 3)')
  expect(page).toContain('Selective cross-entropy (Eq. 8')
})

it('an earlier checkpoint is read with the configuration of today, and not resumed', async () => {
  const checkpoint = await readCheckpoint(join(EARLIER, 'checkpoints', 'epoch-03'))
  expect(checkpoint.state).toMatchObject({
    ...{ epoch: 3, updatesInEpoch: 14, step: 50, script: null },
    best: { epoch: 3, value: 0.5209380234505863 },
    config: { smoothing: { sigma: 0.75 }, method: { kind: 'ft-cadis' } },
  })
  const { config } = checkpoint.state
  const today = parseConfig(JSON.parse(JSON.stringify(config)))
  expect(() => requireSameRun(checkpoint, today)).not.toThrow()
  expect(() => requireOwnFormat(checkpoint, today)).toThrow(CheckpointError)
  expect(() => requireOwnFormat(checkpoint, today)).toThrow('has format 1, which is read but not resumed')
  const other = { ...today, smoothing: { ...today.smoothing, sigma: 0.5 } }
  expect(() => requireSameRun(checkpoint, other)).toThrow('smoothing.sigma: 0.75 in the checkpoint, 0.5 now')
})

it('an earlier smoothed classifier is read', async () => {
  await cp(join(EARLIER, 'checkpoints', 'epoch-03'), folder, { recursive: true })
  expect(await readSmoothed(folder)).toMatchObject({
    noise: { timestep: 339, realisedSigma: 0.7532764128526206 },
    config: {
      smoothing: { sigma: 0.75, denoiser: { source: 'diffusers', path: '/assets/digits/denoiser' } },
      certification: { n0: 100, n: 1000 },
      checkpoint: folder,
    },
  })
})

it('rows with nothing but their place are read: what else there is, is not known', async () => {
  const path = join(folder, 'metrics.jsonl')
  const rows = [
    { kind: 'update', step: 7, epoch: 2 },
    { kind: 'epoch', step: 8, epoch: 2 },
  ]
  await writeFile(path, rows.map(row => `${JSON.stringify(row)}\n`).join(''))
  const { updates, epochs } = await readMetrics(path)
  expect(updates).toEqual([
    {
      ...{ step: 7, epoch: 2, update: 0, updatesPerEpoch: 0, epochs: 0, steps: 0 },
      ...{
        loss: Number.NaN,
        lossTerm: Number.NaN,
        gradientNorm: Number.NaN,
        clippedGradientNorm: Number.NaN,
      },
      ...{ durationMs: Number.NaN, hostMs: Number.NaN, imagesPerSecond: Number.NaN, roundTrips: Number.NaN },
      ...{ liveTensors: Number.NaN, deviceBytes: null, taken: true, learningRate: Number.NaN },
      ...{ firstLayerLearningRate: Number.NaN, lastLayerLearningRate: Number.NaN, weightDecay: Number.NaN },
      ...{ lossScale: Number.NaN, metrics: {} },
    },
  ])
  expect(epochs).toEqual([{ step: 8, epoch: 2, skippedImages: 0, skippedPaths: [], metrics: {} }])
  expect(await readLatestMetrics(path)).toEqual({ latest: updates[0], epochs })
})
