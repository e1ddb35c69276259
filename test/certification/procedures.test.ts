import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type CertificationConfigInput,
  type CertificationRunConfigInput,
  ConfigError,
  certify,
  certifyDataset,
  type Session,
  smoothingOf,
  torch,
} from '../../src'
import { analyze, type CertificationLog, readCertificationLog } from '../../src/analysis'
import { certificationSchema } from '../../src/config/certification-schema'
import type { LogMetadata } from '../../src/logs/certification-log-metadata'
import { isChecked } from '../../src/logs/check-rows'
import { mergeShards } from '../../src/logs/merge-shards'
import { shardPath } from '../../src/logs/shards'
import { toSymmetric } from '../../src/smoothing/denoise'
import { noisyCopies } from '../../src/smoothing/noisy-copies'
import { seen } from '../../src/smoothing/smoothing'
import { CLASSIFIER, connectForTest, DENOISER, loadDigits } from '../support/digits'

const IMAGES = 4

let session: Session
let folder: string
let selector: string
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-procedures-'))
  // It has never been trained: its classes follow from the weights alone.
  selector = join(folder, 'selector')
  const untrained = await torch.loadClassifier(session, {
    ...{ source: 'timm', path: CLASSIFIER, numClasses: 2, tuning: { kind: 'full' } },
  })
  await untrained.save(selector)
  session.free(untrained)
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

function settings(
  certification: CertificationConfigInput,
  { sigma = 0.25, ...root }: Partial<CertificationRunConfigInput> & { readonly sigma?: number } = {},
): CertificationRunConfigInput {
  return {
    ...{ output: folder, data: { source: 'digits' }, classifier: { source: 'timm', path: CLASSIFIER } },
    smoothing: { sigma, denoiser: { source: 'diffusers', path: DENOISER } },
    certification: {
      n0: 16,
      n: 200,
      alpha: 0.01,
      batch: 64,
      seed: 7,
      images: { first: IMAGES },
      ...certification,
    },
    ...root,
  }
}

const network = (path: string) => ({ classifier: { source: 'timm' as const, path } })
const cascade = { kind: 'cascade' as const, sigmas: [0.75, 0.4, 0.25] }
const router = { kind: 'router' as const, sigma: 0.4, sigmas: [0.25, 0.75], agreement: 0.1 }
const PROCEDURES: [string, () => CertificationRunConfigInput][] = [
  [
    'ACES by entropy with a core',
    () => settings({ procedure: { kind: 'aces', threshold: 0.05 } }, { aces: { core: network(CLASSIFIER) } }),
  ],
  [
    'ACES by a selector',
    () =>
      settings({ procedure: { kind: 'aces', threshold: 0.5 } }, { aces: { selector: network(selector) } }),
  ],
  ['a cascade', () => settings({ procedure: { ...cascade, clean: true } }, { sigma: 0.75 })],
  [
    'a cascade by the published rule',
    () => settings({ procedure: { ...cascade, rule: 'published' } }, { sigma: 0.75 }),
  ],
  [
    'a cascade of an ensemble',
    () =>
      settings(
        { procedure: cascade },
        { sigma: 0.75, ensemble: { others: [{ path: CLASSIFIER }], by: 'softmax' } },
      ),
  ],
  ['PixelDP', () => settings({ procedure: { kind: 'pixel-dp' } })],
  ['PixelDP by scores', () => settings({ procedure: { kind: 'pixel-dp', by: 'scores' } })],
  [
    'a router',
    () =>
      settings(
        { procedure: router },
        { router: { network: network(selector), others: [{ path: CLASSIFIER }] } },
      ),
  ],
  ['PixelDP of Laplace noise', () => settings({ procedure: { kind: 'pixel-dp' }, noise: 'laplace' })],
]

const rowsOf = ({ rows }: CertificationLog) => rows.map(({ durationMs: _, ...row }) => row)
/** Certifies, and stops after the first image. */
async function interrupted(config: CertificationRunConfigInput, log: string): Promise<void> {
  const stop = new AbortController()
  const stopped = certify(session, config, { log, signal: stop.signal, onImage: () => stop.abort('SIGINT') })
  await expect(stopped).rejects.toThrow(`Stopped with 1 of ${IMAGES} images certified.`)
}

it.each(PROCEDURES)(
  '%s certifies images, continues to the same rows, in shards as well, and is read again',
  async (name, make) => {
    const config = make()
    const log = (part: string) => join(folder, `${name.replaceAll(' ', '-')}-${part}.tsv`)
    const before = session.liveTensors()
    const whole = await certify(session, config, { log: log('whole') })
    expect(session.liveTensors()).toBe(before)
    expect(whole.rows).toHaveLength(IMAGES)

    await interrupted(config, log('resumed'))
    expect((await readCertificationLog(log('resumed'))).rows).toHaveLength(1)
    expect(rowsOf(await certify(session, config, { log: log('resumed') }))).toEqual(rowsOf(whole))

    const shards = [1, 2].map(number => ({ number, of: 2 }))
    for (const shard of shards) await certify(session, config, { log: log('shared'), shard })
    await mergeShards(
      shards.map(shard => shardPath(log('shared'), shard)),
      { output: log('merged') },
    )
    const merged = await readCertificationLog(log('merged'))
    expect(rowsOf(merged)).toEqual(rowsOf(whole))

    const { procedure } = { procedure: { kind: 'certify' }, ...config.certification }
    expect(merged.metadata?.configuration.procedure).toMatchObject(procedure as object)
    expect(isChecked(merged)).toBe(true)
    const { notes } = analyze([{ label: 'one', log: merged }])
    expect(notes.join('\n')).toMatch(/ACES|cascade over σ 0.75, 0.4, 0.25|PixelDP|of a router at σ 0.4/)
    expect(notes.join('\n')).not.toMatch(/is adaptive|Not checkable/)
  },
)

it('PixelDP by scores adds up the softmax of every noisy copy, and counts no padding', async () => {
  const n = 200
  const config = settings({
    procedure: { kind: 'pixel-dp', by: 'scores' },
    n,
    batch: 64,
    images: { first: 2 },
  })
  const { rows } = await certify(session, config, { log: join(folder, 'summed.tsv') })
  const { denoiser, classifier, testSet } = await loadDigits(session)
  const smoothing = smoothingOf(denoiser, 0.25)
  for (const { index, evidence, prediction, finding } of rows) {
    const scores = await session.compute(() => {
      const image_CHW = toSymmetric(torch.select(testSet.images([index]).images_BCHW, 'B', 0))
      const images_SCHW = torch.stackTensors([image_CHW], { as: 'S' })
      const run = { image: 0, name: [7, 'certify', index, 'estimation'], start: 0, count: n }
      const runs = torch.copyRuns(session, [run], { size: n, block: 16 })
      const seen_NCHW = seen(smoothing, noisyCopies(smoothing, images_SCHW, runs))
      return torch.noGrad(session, () => torch.softmax(classifier.classify(seen_NCHW), 'K'))
    })
    const sums = scores.reduce(
      (total, row) => total.map((sum, label) => sum + (row[label] ?? 0)),
      Array(10).fill(0),
    )
    const squares = scores.reduce(
      (total, row) => total.map((sum, label) => sum + (row[label] ?? 0) ** 2),
      Array(10).fill(0),
    )
    for (const label of Array(10).keys()) {
      const [sum = 0, square = 0] = evidence?.scores?.[label] ?? []
      expect(sum / 2 ** 15).toBeCloseTo(sums[label], 1)
      expect(square / 2 ** 30).toBeCloseTo(squares[label], 1)
    }
    expect(evidence?.candidate).toBe(sums.indexOf(Math.max(...sums)))
    if (finding.kind === 'certified') expect(prediction).toBe(evidence?.candidate)
  }
  expect(rows.some(({ radius }) => radius > 0)).toBe(true)
  session.free([denoiser, classifier, testSet])
})

describe('what a log says', () => {
  const of = (
    certification: CertificationConfigInput,
    root: Parameters<typeof settings>[1] = {},
    log = 'said',
  ) =>
    certify(session, settings({ ...certification, images: { first: 1 } }, root), {
      log: join(folder, `${log}.tsv`),
    })

  it('of a cascade: the σ of each noise level, and that a published rule is asymptotic', async () => {
    const { metadata } = await of({ procedure: { ...cascade, rule: 'published' } }, { sigma: 0.75 })
    const { procedure } = metadata?.configuration ?? {}
    expect(procedure).toMatchObject({
      rule: 'published',
      asymptotic: true,
      classes: 10,
      certifiedSigmas: cascade.sigmas,
    })
    const drawn = procedure?.realisedSigmas as number[]
    for (const [scale, sigma] of cascade.sigmas.entries()) expect(drawn[scale]).toBeCloseTo(sigma, 2)
  })

  it('of ACES: whose selector and core have voted', async () => {
    const { metadata } = await of(
      { procedure: { kind: 'aces', threshold: 0.5 } },
      { aces: { selector: network(selector), core: network(CLASSIFIER) } },
      'aces',
    )
    const { procedure, models, classifier } = (metadata as LogMetadata).configuration
    expect(procedure).toMatchObject({ selector: 'network', core: true, radiusZero: 'sound' })
    expect(classifier).toBe('timm:classifier, selector timm:selector, core timm:classifier')
    const { aces } = models as { aces: Record<'selector' | 'core', { sha256: object }> }
    expect(aces.selector.sha256).toMatchObject({
      'model.safetensors': expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(aces.core.sha256).not.toEqual(aces.selector.sha256)
  })

  it('is refused where another threshold is asked for', async () => {
    const log = 'threshold'
    await of({ procedure: { kind: 'aces', threshold: 0.5 } }, {}, log)
    await expect(of({ procedure: { kind: 'aces', threshold: 0.4 } }, {}, log)).rejects.toThrow(
      /procedure\.threshold: 0\.5 in the log, 0\.4 now/,
    )
  })
})

it('an image that the selector leaves to the core has the class of the core, and no radius', async () => {
  const config = settings(
    { procedure: { kind: 'aces', threshold: 0 }, images: { first: 2 } },
    { aces: { core: network(CLASSIFIER) } },
  )
  const { rows } = await certify(session, config, { log: join(folder, 'core.tsv') })
  expect(rows.map(({ finding }) => finding)).toEqual(
    [6, 1].map(label => ({ kind: 'certified-at', class: label, radii: [0], refused: [] })),
  )
  expect(rows.map(({ evidence }) => evidence?.unsmoothed)).toEqual([6, 1])
  const { rows: alone } = await certify(
    session,
    { ...config, aces: undefined },
    { log: join(folder, 'coreless.tsv') },
  )
  expect(alone.map(({ finding }) => finding.kind)).toEqual(['abstains', 'abstains'])
})

describe('a script with its own networks', () => {
  const certification = certificationSchema.parse({
    ...{ n0: 16, n: 96, alpha: 0.01, batch: 64, seed: 7, procedure: { kind: 'aces', threshold: 0.5 } },
  })
  async function run(name: string, arm: object, others: object = {}) {
    const { denoiser, classifier, testSet } = await loadDigits(session)
    const log = join(folder, name)
    try {
      await certifyDataset(
        {
          smoothing: smoothingOf(denoiser, 0.25),
          dataset: testSet,
          arms: [{ classifier, name: 'digits', log, ...arm }],
        },
        { certification: { ...certification, ...others }, indices: [0, 1] },
      )
    } finally {
      session.free([denoiser, classifier, testSet])
    }
    return readFile(log, 'utf8')
  }

  it('hands selector and core in', async () => {
    const [own, core] = [
      await torch.loadClassifier(session, { source: 'timm', path: selector }),
      await torch.loadClassifier(session, { source: 'timm', path: CLASSIFIER }),
    ]
    expect(await run('handed.tsv', { aces: { selector: own, core } })).toMatch(/"of":"selector"/)
    session.free([own, core])
  })

  it.each<[string, () => Promise<object>, object, RegExp]>([
    [
      'a selector of ten classes',
      async () => ({
        aces: { selector: await torch.loadClassifier(session, { source: 'timm', path: CLASSIFIER }) },
      }),
      {},
      /The selector, aces\.selector, tells 10 classes apart, expected 2/,
    ],
    [
      'a core of other classes than the data',
      async () => ({
        aces: { core: await torch.loadClassifier(session, { source: 'timm', path: selector }) },
      }),
      {},
      /10 classes, but the head of the classifier has 2/,
    ],
    [
      'networks of ACES for CERTIFY',
      async () => ({ aces: {} }),
      { procedure: { kind: 'certify' } },
      /has networks of ACES, and the procedure is certify/,
    ],
    [
      'an ensemble for ACES',
      async () => ({ ensemble: { others: [], by: 'logits' } }),
      {},
      /ACES takes one classifier, and digits is an ensemble/,
    ],
    [
      'noise levels that do not begin with that of the smoothing',
      async () => ({}),
      { procedure: { ...cascade, threshold: 0.5, rule: 'sound', clean: false } },
      /certification\.procedure\.sigmas: expected smoothing\.sigma, 0\.25/,
    ],
  ])('is refused %s', async (_what, arm, others, message) => {
    const refused = run('refused.tsv', await arm(), others)
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow(message)
  })
})
