import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ConfigError,
  DataError,
  finetune,
  InterruptedError,
  type RunConfigInput,
  type Session,
  torch,
  writeSoftLabels,
} from '../../src'
import { loadSoftLabels } from '../../src/objectives/load-soft-labels'
import { STREAMS_VERSION } from '../../src/streams'
import { connectForTest } from '../support/digits'
import { greySettings, writeGreyImages } from '../support/tiny-images'

const N = 40

describe('soft labels', () => {
  let session: Session
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-soft-labels-'))
    await writeGreyImages(join(folder, 'data'), { dark: 100, light: 130 }, { images: 3 })
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  const settings = (sigma = 0.25) => {
    const { smoothing, ...others } = greySettings(join(folder, 'data'))
    return { ...others, smoothing: { ...smoothing, sigma }, output: folder, certification: {} }
  }
  const write = (output: string, options: object = {}, changes: object = {}) =>
    writeSoftLabels(
      session,
      { ...settings(), ...changes },
      { ...{ output: join(folder, output), n: N, augment: false, ...options } },
    )
  const linesOf = async (output: string) =>
    (await readFile(join(folder, output), 'utf8'))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
  const trainSet = () => {
    const { workers: _, ...data } = settings().data
    return torch.openDataset(session, { ...data, split: 'train' })
  }
  const load = async (output: string) => {
    const images = await trainSet()
    try {
      return await loadSoftLabels(images, { predictions: join(folder, output) })
    } finally {
      session.free(images)
    }
  }

  it('are the votes on noisy copies of every training image', async () => {
    await write('whole.jsonl')
    const [header, ...rows] = await linesOf('whole.jsonl')
    expect(header).toMatchObject({ n: N, data: { images: 6, classes: ['dark', 'light'] } })
    expect(rows.map(([image]) => image)).toEqual([0, 1, 2, 3, 4, 5])
    for (const [, votes] of rows) {
      expect(Object.values(votes as Record<string, number>).reduce((one, two) => one + two)).toBe(N)
    }
    const softLabels = await load('whole.jsonl')
    const indices = [4, 0]
    const found = await session.compute(() =>
      softLabels.rows(torch.tensor(session, indices, { axes: 'B', dtype: 'int64' })),
    )
    for (const [row, image] of indices.entries()) {
      const votes = rows[image]?.[1] as Record<string, number>
      expect(found[row]).toEqual([0, 1].map(label => expect.closeTo((votes[label] ?? 0) / N, 6)))
    }
    session.free(softLabels)
  })

  it('are the same, however often they are interrupted', async () => {
    const controller = new AbortController()
    const onImage = (done: number) => {
      if (done === 2) controller.abort('test')
    }
    const stopped = write('parts.jsonl', { signal: controller.signal, onImage })
    await expect(stopped).rejects.toThrow(InterruptedError)
    const lines = await linesOf('parts.jsonl')
    expect(lines.length).toBeLessThan(7)
    // A kill has cut a line off.
    await appendFile(join(folder, 'parts.jsonl'), '[5,{"0":')
    await write('parts.jsonl')
    expect(await linesOf('parts.jsonl')).toEqual(await linesOf('whole.jsonl'))
  })

  it('are of augmented images where one asks for it', async () => {
    await write('augmented.jsonl', { augment: true })
    const [header, ...rows] = await linesOf('augmented.jsonl')
    expect(header.configuration.augment).toBe(true)
    expect(rows).toHaveLength(6)
  })

  it('of other settings are not continued', async () => {
    const refused = write('whole.jsonl', { n: N + 1 })
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow('n: 40 then, 41 now')
    const { classifier } = settings()
    const inputRange = { mean: [0.5, 0.5, 0.4], std: [0.5, 0.5, 0.5] }
    const others = [
      [{ classifier: { ...classifier, inputRange } }, /"inputRange":"symmetric".* then, .*"mean":\[0.5/],
      [{ certification: { channelsLast: true } }, /"channelsLast":false.* then, .*"channelsLast":true/],
    ] as const
    for (const [change, reason] of others) {
      await expect(write('whole.jsonl', {}, change)).rejects.toThrow(reason)
    }
  })

  it('are the votes of one classifier, whatever procedure the settings would certify by', async () => {
    const aces = { procedure: { kind: 'aces', threshold: 0.5 } }
    const core = { classifier: { source: 'timm', path: join(folder, 'nowhere') } }
    const refused = write('aces.jsonl', {}, { certification: aces, aces: { core } })
    await expect(refused).rejects.toThrow(
      /A file of soft labels is by PREDICT and CERTIFY, got the procedure aces/,
    )
  })

  it('of other random streams are not continued', async () => {
    const [header, ...rows] = await readFile(join(folder, 'whole.jsonl'), 'utf8').then(text =>
      text.split('\n'),
    )
    const { configuration, ...others } = JSON.parse(header ?? '')
    expect(configuration.streams).toBe(STREAMS_VERSION)
    const earlier = { ...others, configuration: { ...configuration, streams: 1 } }
    await writeFile(join(folder, 'earlier.jsonl'), [JSON.stringify(earlier), ...rows].join('\n'))
    await expect(write('earlier.jsonl')).rejects.toThrow(/"streams":1.* then, .*"streams":2/)
  })

  it('are those that a run was begun with', async () => {
    await cp(join(folder, 'whole.jsonl'), join(folder, 'mine.jsonl'))
    const { smoothing, classifier, data } = settings()
    const predictions = join(folder, 'mine.jsonl')
    const config: RunConfigInput = {
      ...{ smoothing, classifier, data, output: join(folder, 'run') },
      method: { kind: 'cat-rs', noises: 2, lambda: 1, attack: { steps: 1, epsilon: 0.25 }, predictions },
      optimisation: { epochs: 2, imagesPerUpdate: 2, learningRate: 1e-3, weightDecay: { start: 0, end: 0 } },
    }
    const train = async (hooks: object) => session.free((await finetune(session, config, hooks)).networks)
    await train({ stopAfterUpdates: 1 })
    const lines = await readFile(predictions, 'utf8')
    await writeFile(predictions, lines.replace(/\n\[0,\{.*\}\]/, `\n[0,{"0":1,"1":${N - 1}}]`))
    const resumed = train({ existing: 'resume' })
    await expect(resumed).rejects.toThrow(
      /begun with other weights:\n {2}files.method.predictions: "[0-9a-f]{64}" then/,
    )
    await writeFile(predictions, lines)
    await train({ existing: 'resume' })
  })

  describe('that cannot be trained with', () => {
    const changed = async (name: string, change: (lines: string[]) => string[]) => {
      const text = await readFile(join(folder, 'whole.jsonl'), 'utf8')
      await writeFile(join(folder, name), `${change(text.trimEnd().split('\n')).join('\n')}\n`)
    }

    it.each([
      ['a file that is missing', (): string[] => [], 'missing.jsonl', 'is missing'],
      [
        'no file of soft labels',
        (): string[] => ['{"n": 3}'],
        'other.jsonl',
        'is not a file of soft labels: format',
      ],
      ['text', (): string[] => ['idx\tlabel'], 'text.jsonl', 'its first line is not JSON'],
      [
        'one that lacks an image',
        (lines: string[]) => lines.filter((_, line) => line !== 3),
        'lacks.jsonl',
        'has 5 of 6 images, of image 2 nothing',
      ],
      [
        'one that has an image twice',
        (lines: string[]) => [...lines, lines[1] ?? ''],
        'twice.jsonl',
        'has image 0 twice, again in line 8',
      ],
      [
        'one that lacks votes',
        (lines: string[]) => [...lines.slice(0, -1), '[5,{"0":39}]'],
        'votes.jsonl',
        'Line 7',
      ],
    ])('are refused: %s', async (_what, change, name, message) => {
      if (name !== 'missing.jsonl') await changed(name, change)
      const refused = load(name)
      await expect(refused).rejects.toThrow(DataError)
      await expect(refused).rejects.toThrow(message)
    })

    it('are refused where they are of other images', async () => {
      await changed('images.jsonl', ([header = '', ...rows]) => {
        const content = JSON.parse(header)
        return [
          JSON.stringify({ ...content, data: { ...content.data, digest: '0123456789abcdef' } }),
          ...rows,
        ]
      })
      await expect(load('images.jsonl')).rejects.toThrow(ConfigError)
      await expect(load('images.jsonl')).rejects.toThrow(/method\.predictions: .* is of other images/)
    })
  })
})
