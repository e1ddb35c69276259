import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataError, type FinetuneHooks, finetune, parseConfig, type Session, torch } from '../../../src'
import { type RunRecord, readRun } from '../../../src/runs/read-run'
import { EPOCH_SCALARS, SAMPLES_TAG, UPDATE_SCALARS } from '../../../src/runs/watchers/event-tags'
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
}

const STEPS = [1, 2, 3, 4, 5, 6]

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
    for (const [tag, value] of Object.entries(UPDATE_SCALARS)) {
      const expected = updates.flatMap(report => {
        const number = value(report)
        return number === null ? [] : [[report.step, Math.fround(number)]]
      })
      const written = (events.scalars[tag] ?? []).map(([step, number]) => [step, Math.fround(Number(number))])
      expect({ tag, written }).toEqual({ tag, written: expected })
    }
    expect(events.scalars['loss/total']).toHaveLength(6)
    expect(events.scalars['test/denoised_accuracy']).toEqual([[6, expect.any(String)]])
    expect(Object.keys(EPOCH_SCALARS).filter(tag => !(tag in events.scalars))).toEqual([])
    expect(epochs).toHaveLength(1)
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
    expect(watched.updates.map(({ answers }) => answers)).toEqual(bare.updates.map(({ answers }) => answers))
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
