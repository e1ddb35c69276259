import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  DataError,
  type EpochReport,
  type FinetuneHooks,
  finetune,
  parseConfig,
  type Session,
  torch,
  type UpdateReport,
} from '../../../src'
import { type RunRecord, readRun } from '../../../src/runs/read-run'
import { SAMPLES_TAG } from '../../../src/runs/watchers/event-tags'
import { rejectionOf } from '../../bridge/support'
import { connectForTest } from '../../support/digits'
import { runSupportScript } from '../../support/run-example'
import { reproducibleRows } from '../../support/run-files'
import { shortRun } from '../../support/short-run'

interface Events {
  readonly scalars: Readonly<Record<string, readonly (readonly [step: number, value: string])[]>>
  readonly images: Readonly<
    Record<string, readonly (readonly [step: number, width: number, height: number])[]>
  >
  /** What the tab HParams compares runs by, and the tab Text. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly text: readonly string[]
}

/** The scalars of an update, and what of its report they are. */
const UPDATE_SCALARS: Readonly<Record<string, (report: UpdateReport) => number | null | undefined>> = {
  '1_loss/total': report => report.loss,
  '1_loss/selective_cross_entropy': ({ metrics }) => metrics.selectiveCrossEntropy,
  '1_loss/masked_adversarial': ({ metrics }) => metrics.adversarial,
  // Most runs have no extra term.
  '1_loss/own_term': () => null,
  '4_denoised/accuracy': ({ metrics }) => metrics.denoisedAccuracy,
  '4_denoised/all_kept_share': ({ metrics }) => metrics.allKeptShare,
  '4_denoised/kept_share': ({ metrics }) => metrics.keptShare,
  'attack/success': ({ metrics }) => metrics.attackSuccess,
  'attack/attacked_share': ({ metrics }) => metrics.attackedShare,
  'attack/epsilon': ({ metrics }) => metrics.epsilon,
  'optimisation/learning_rate': report => report.learningRate,
  'optimisation/learning_rate_first_layer': report => report.firstLayerLearningRate,
  'optimisation/learning_rate_last_layer': report => report.lastLayerLearningRate,
  'optimisation/weight_decay': report => report.weightDecay,
  'optimisation/gradient_norm': report => report.gradientNorm,
  'optimisation/gradient_norm_clipped': report => report.clippedGradientNorm,
  'optimisation/loss_scale': report => report.lossScale,
  'optimisation/step_taken': report => Number(report.taken),
  'cost/images_per_second': report => report.imagesPerSecond,
  'cost/update_ms': report => report.durationMs,
  'cost/host_ms': report => report.hostMs,
  'cost/round_trips': report => report.roundTrips,
  'cost/live_tensors': report => report.liveTensors,
  'cost/device_gib': report => (report.deviceBytes === null ? null : report.deviceBytes / 2 ** 30),
}

/** The same after an epoch. */
const EPOCH_SCALARS: Readonly<Record<string, (report: EpochReport) => number | null | undefined>> = {
  '2_test/noisy_accuracy': ({ metrics }) => metrics.noisy,
  '2_test/clean_accuracy': ({ metrics }) => metrics.clean,
  '2_test/skipped_training_images': report => report.skippedImages,
}

const STEPS = [1, 2, 3, 4, 5, 6]

/** What event files hold of reports: no tag without a value. */
function scalarsOf<Report extends { readonly step: number }>(
  reports: readonly Report[],
  scalars: Readonly<Record<string, (report: Report) => number | null | undefined>>,
) {
  const written = Object.entries(scalars).map(([tag, value]) => {
    const points = reports.flatMap(report => {
      const number = value(report)
      return typeof number === 'number' ? [[report.step, Math.fround(number)]] : []
    })
    return [tag, points] as const
  })
  return Object.fromEntries(written.filter(([, points]) => points.length > 0))
}

describe('event files', () => {
  let session: Session
  let folder: string
  let watched: RunRecord
  let events: Events

  /** Six updates of 60 images, with a checkpoint after the third. */
  function train(name: string, hooks: FinetuneHooks) {
    const config = shortRun(join(folder, name))
    return finetune(
      session,
      parseConfig({ ...config, optimisation: { ...config.optimisation, imagesPerUpdate: 60 } }),
      { evaluationImages: 20, stopAfterUpdates: 6, existing: 'resume', ...hooks },
    )
  }

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-events-'))
    await train('bare', { eventFiles: false })
    const failing = train('watched', {
      onUpdate: ({ step }) => {
        if (step === 5) throw new Error('The power is gone.')
      },
    })
    await expect(failing).rejects.toThrow('The power is gone.')
    await train('watched', {})
    watched = await readRun(join(folder, 'watched'))
    events = await readEvents('watched')
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  async function readEvents(run: string): Promise<Events> {
    return JSON.parse(await runSupportScript('read_events.py', join(folder, run, 'tensorboard')))
  }

  it('hold every scalar that has a value, once for each step although steps were taken again', () => {
    const { updates, epochs } = watched
    expect(updates.map(({ step }) => step)).toEqual(STEPS)
    expect(epochs).toHaveLength(1)
    const expected = {
      ...scalarsOf(updates, UPDATE_SCALARS),
      ...scalarsOf(epochs, EPOCH_SCALARS),
    }
    const written = Object.fromEntries(
      Object.entries(events.scalars).map(([tag, points]) => [
        tag,
        points.map(([step, number]) => [step, Math.fround(Number(number))]),
      ]),
    )
    expect(written).toEqual(expected)
    expect(written['1_loss/total']).toHaveLength(6)
    expect(written['2_test/noisy_accuracy']).toHaveLength(1)
  })

  it('open on the losses, which TensorBoard sorts by name', () => {
    expect(Object.keys(events.scalars).sort()[0]).toMatch(/^1_loss\//)
  })

  it('hold the settings that runs are compared by, and all of them as text', () => {
    expect(events.settings).toMatchObject({
      'method.kind': 'ft-cadis',
      'method.lambda': 2,
      'method.attack.restandardize': 'true',
      'optimisation.betas': '[0.9,0.999]',
    })
    for (const field of ['output', 'device', 'certification.n']) {
      expect(Object.keys(events.settings)).not.toContain(field)
    }
    expect(events.text[0]).toMatch(/^```json\n\{[\s\S]*"lambda": 2/)
  })

  it('hold a drawing of the samples before the first update and after each epoch', () => {
    expect(Object.keys(events.images)).toEqual([SAMPLES_TAG])
    expect(events.images[SAMPLES_TAG]?.map(([step]) => step)).toEqual([0, 6])
    // Three images of 64 pixels, their frames, and the gaps; six rows of them.
    expect(events.images[SAMPLES_TAG]?.[0]?.slice(1)).toEqual([3 * 72 + 4 * 6, 6 * 72 + 7 * 6])
  })

  it('leave the samples of each epoch in files, the same images under the same noise', async () => {
    expect((await readdir(join(folder, 'watched', 'samples'))).sort()).toEqual([
      'epoch-00.json',
      'epoch-00.png',
      'epoch-01.json',
      'epoch-01.png',
    ])
    const [before, after] = watched.samples
    expect([before?.epoch, after?.epoch]).toEqual([0, 1])
    const pictures = (file: typeof before) =>
      file?.samples.map(({ clean, denoised }) => [clean, ...denoised.map(({ png }) => png)])
    expect(pictures(after)).toEqual(pictures(before))
    for (const { label, denoised } of after?.samples ?? []) {
      expect(denoised.map(({ kept }) => kept)).toEqual(denoised.map(({ predicted }) => predicted === label))
    }
    expect(new Set(pictures(before)?.flat()).size).toBe(18)
  })

  it('are left out on request', async () => {
    expect(await readdir(join(folder, 'bare'))).not.toContain('tensorboard')
    expect(await readdir(join(folder, 'bare'))).not.toContain('samples')
  })

  it('change neither what is trained nor what an update costs', async () => {
    const bare = await readRun(join(folder, 'bare'))
    expect(await reproducibleRows(join(folder, 'watched'))).toEqual(
      await reproducibleRows(join(folder, 'bare')),
    )
    const roundTrips = ({ updates }: RunRecord) => updates.map(report => report.roundTrips)
    expect(roundTrips(watched)).toEqual(roundTrips(bare))
    const live = watched.updates.map(({ liveTensors }) => liveTensors)
    expect([new Set(live.slice(0, 3)).size, new Set(live.slice(3)).size]).toEqual([1, 1])
  })

  it('say so where they cannot be written', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    const error = await rejectionOf(torch.openEventWriter(session, join(file, 'tensorboard')), DataError)
    expect(error.message).toMatch(
      /event files in '.*\/file\/tensorboard' cannot be written: .*Not a directory/,
    )
    expect(await readFile(file, 'utf8')).toBe('')
  })
})
