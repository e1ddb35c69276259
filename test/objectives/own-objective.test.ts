import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  ConfigError,
  dryRun,
  finetune,
  InterruptedError,
  listRuns,
  presets,
  type Rule,
  readRun,
  readSmoothed,
  type Session,
  torch,
} from '../../src'
import { renderReport } from '../../src/analysis/report'
import { parseStoredConfig } from '../../src/config/schema'
import { isReadable } from '../../src/internal'
import { runReport } from '../../src/runs/report/run-report'
import { trainingProgress } from '../../src/terminal/training-progress'
import { CLASSIFIER, connectForTest } from '../support/digits'
import { finetuneCollecting } from '../support/finetune-collecting'
import { type MarginForm, marginRun } from '../support/margin-objective'
import { runProgram, runSupportScript } from '../support/run-example'
import { checkpointBytes, reproducibleRows } from '../support/run-files'

const SCRIPT = 'test/support/margin-objective.ts'
const KEYS = ['hinge', 'jittered', 'learntShare', 'tolerance']

describe('an objective of one file', () => {
  let session: Session
  let folder: string
  let result: Awaited<ReturnType<typeof finetuneCollecting>>
  const said: string[] = []

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-own-'))
    const tty = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY')
    Object.defineProperty(process.stderr, 'isTTY', { value: false, configurable: true })
    const error = vi.spyOn(console, 'error').mockImplementation(line => void said.push(line))
    result = await finetuneCollecting<MarginForm>(session, marginRun(join(folder, 'whole')), {
      evaluationImages: 40,
      watchers: [trainingProgress()],
    })
    error.mockRestore()
    if (tty === undefined) Reflect.deleteProperty(process.stderr, 'isTTY')
    else Object.defineProperty(process.stderr, 'isTTY', tty)
    session.free([result.networks, result.smoothing])
    await killed(join(folder, 'killed'))
  }, 120_000)
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  /** The same run as its own program, whose process is killed after the fifth update. */
  async function killed(output: string): Promise<void> {
    const child = runProgram(SCRIPT, output)
    for await (const line of createInterface({ input: child.stdout })) {
      if (JSON.parse(line).step === 5) child.kill('SIGKILL')
    }
    await child
  }

  it('trains, by what it decides in its ramp', () => {
    const { updates, epochs } = result
    expect(updates.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1))
    for (const { loss, lossTerm, taken, metrics, step, roundTrips } of updates) {
      const { hinge, jittered, learntShare, tolerance } = metrics
      expect(loss).toBeCloseTo(Number(hinge) + Number(jittered), 5)
      expect(tolerance).toBeCloseTo((0.5 * step) / 12, 12)
      const learnt = 200 * Number(learntShare)
      expect(learnt).toBeCloseTo(Math.round(learnt), 9)
      expect({ lossTerm, taken, roundTrips }).toEqual({ lossTerm: 0, taken: true, roundTrips: 4 })
    }
    // Noisy images are hard at first; what is easy is learnt from by chance.
    const shares = updates.map(({ metrics }) => Number(metrics.learntShare))
    expect(Math.max(...shares)).toBeLessThan(1)
    expect(Math.min(...shares)).toBeGreaterThan(0.25)
    expect(updates.at(-1)?.loss).toBeLessThan(Number(updates[0]?.loss))
    expect(epochs.map(({ metrics }) => Object.keys(metrics))).toEqual(Array(2).fill(['noisy', 'clean']))
  })

  it('is the same run where its process is killed, and where it is stopped', async () => {
    const run = join(folder, 'resumed')
    await cp(join(folder, 'killed'), run, { recursive: true })
    expect(await readdir(join(run, 'checkpoints'))).toContain('step-000004')
    const stop = new AbortController()
    const stopped = finetune<MarginForm>(session, marginRun(run), {
      ...{ existing: 'resume', evaluationImages: 40, signal: stop.signal },
      onUpdate: ({ step }) => {
        if (step === 7) stop.abort('SIGTERM')
      },
    })
    await expect(stopped).rejects.toThrow(InterruptedError)
    const { updates, networks } = await finetuneCollecting<MarginForm>(session, marginRun(run), {
      ...{ existing: 'resume', evaluationImages: 40 },
    })
    session.free(networks)
    expect(updates[0]?.step).toBe(9)
    const whole = join(folder, 'whole')
    expect(await reproducibleRows(run)).toEqual(await reproducibleRows(whole))
    expect(await checkpointBytes(run, 'epoch-02')).toEqual(await checkpointBytes(whole, 'epoch-02'))
  }, 120_000)

  it('is not continued by another method, which names its script', async () => {
    const output = join(folder, 'refusing')
    await cp(join(folder, 'killed'), output, { recursive: true })
    const other = presets.digits({ classifier: CLASSIFIER, output })
    const refused = finetune(session, other, { existing: 'resume' })
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow(
      /trained by the method margin, which a script defines; got ft-cadis\. Resume it by that script: .*test\/support\/margin-objective\.ts\./,
    )
    const changed = finetune<MarginForm>(session, marginRun(output, { jitter: 0.5 }), { existing: 'resume' })
    await expect(changed).rejects.toThrow('method.jitter: 0.25 in the checkpoint, 0.5 now')
  })

  it('has its metrics in the rows, flat, and beside them what its sums are not', async () => {
    const rows = (await readFile(join(folder, 'whole', 'metrics.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    const updates = rows.filter(({ kind }) => kind === 'update')
    expect(updates).toHaveLength(12)
    for (const [index, row] of updates.entries()) {
      expect(row).toMatchObject(result.updates[index]?.metrics ?? {})
      for (const key of KEYS) expect(typeof row[key]).toBe('number')
      expect(row).not.toHaveProperty('learnt')
      expect(row).not.toHaveProperty('metrics')
    }
  })

  it('has its tags in TensorBoard, and none of other objectives', async () => {
    const { scalars } = JSON.parse(
      await runSupportScript('read_events.py', join(folder, 'whole', 'tensorboard')),
    ) as { scalars: Record<string, [step: number, value: string][]> }
    const tags = { hinge: '1_loss/hinge', jittered: '1_loss/jittered' }
    const all = { ...tags, learntShare: 'margin/learnt_share', tolerance: 'margin/tolerance' }
    for (const [key, tag] of Object.entries(all)) {
      const written = scalars[tag]?.map(([step, value]) => [step, Math.fround(Number(value))])
      expect(written).toEqual(
        result.updates.map(({ step, metrics }) => [step, Math.fround(Number(metrics[key]))]),
      )
    }
    expect(scalars['1_loss/total']).toHaveLength(12)
    expect(Object.keys(scalars).filter(tag => /denoised|attack|selective/.test(tag))).toEqual([])
  })

  it('has its headlines in the line of the terminal', () => {
    const [first] = result.updates
    const share = `learnt ${(100 * Number(first?.metrics.learntShare)).toFixed(0)} %`
    expect(said[0]).toMatch(
      /^epoch 1\/2 · step 1\/12 · .* · loss [\d.]+ · hinge [\d.]+ · learnt \d+ % · lr 0$/,
    )
    expect(said[0]).toContain(share)
    expect(said.join('\n')).toMatch(
      /epoch 2\/2: noisy accuracy [\d.]+ %, clean accuracy [\d.]+ % on test images/,
    )
  })

  it('is shown without its code', async () => {
    const path = join(folder, 'whole')
    const description = JSON.parse(await readFile(join(path, 'config.json'), 'utf8'))
    expect(description.objective).toMatchObject({ kind: 'margin', script: process.argv[1] })
    const run = await readRun(path)
    expect(Object.keys(run.metadata.objective.metrics)).toEqual(KEYS)
    expect(run.updates).toEqual(result.updates)
    expect(run.epochs).toEqual(result.epochs)
    const page = renderReport(await runReport([{ name: 'mine', run }]))
    for (const text of ['Cross-entropy of images that jitter.', 'learnt (%)', 'method.easyShare']) {
      expect(page).toContain(text)
    }
    expect(page).not.toContain('Selective cross-entropy')
    const [summary] = await listRuns(path)
    if (summary === undefined || !isReadable(summary)) throw new Error('The run cannot be read.')
    expect(summary.objective.kind).toBe('margin')
    expect(summary.latest).toEqual(result.updates.at(-1))
  })

  it('leaves what can be certified without its code', async () => {
    const { config } = JSON.parse(await readFile(join(folder, 'whole', 'config.json'), 'utf8'))
    expect(parseStoredConfig(config)).toEqual(JSON.parse(JSON.stringify(marginRun(config.output).config)))
    const smoothed = await readSmoothed(result.checkpoint)
    expect(smoothed?.config.smoothing).toEqual({ sigma: 0.25, denoiser: { source: 'none' } })
    expect(smoothed?.noise).toEqual({ timestep: null, realisedSigma: null })
  })

  it('takes a rule of another decision, and a term, with its own types', async () => {
    const seen: number[][] = []
    const rule: Rule<MarginForm> = ({ crossEntropy }, { labels, position }) => {
      seen.push([crossEntropy.length, labels.length, position.update])
      return labels.map((_, image) => image === 0)
    }
    const { updates, networks } = await finetuneCollecting<MarginForm>(
      session,
      marginRun(join(folder, 'ruled')),
      {
        ...{ rule, stopAfterUpdates: 1, updatesOnly: true },
        lossTerm: ({ batch }, { decision, kept }) => {
          expect(decision.filter(Boolean)).toHaveLength(1)
          return torch.sum(torch.pick(kept.logProbabilities_MBK, 'K', batch.labels_B))
        },
      },
    )
    session.free(networks)
    expect(seen).toEqual([
      [2, 100, 1],
      [2, 100, 1],
    ])
    expect(updates[0]?.metrics.learntShare).toBeCloseTo(2 / 200, 12)
    const { hinge, jittered } = updates[0]?.metrics ?? {}
    expect(updates[0]?.lossTerm).toBeLessThan(0)
    expect(updates[0]?.loss).toBeCloseTo(Number(hinge) + Number(jittered) + Number(updates[0]?.lossTerm), 4)
  })

  it('is planned without a step', async () => {
    const plan = await dryRun(session, marginRun(join(folder, 'planned')))
    expect(plan.problems).toEqual([])
    expect(plan.passes).toEqual({
      denoiserForward: 0,
      classifierForward: { least: 7200, most: 7200 },
      classifierBackward: { least: 7200, most: 7200 },
    })
    expect(plan.smoothing).toMatchObject({ sigma: 0.25, front: { kind: 'none' } })
  })
})
