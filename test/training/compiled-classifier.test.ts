import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  ConfigError,
  finetune,
  parseConfig,
  presets,
  type RunConfig,
  type SelectionRule,
  type Session,
  torch,
} from '../../src'
import { trainedBy } from '../../src/config/methods/trained'
import { passSizesFor } from '../../src/training/prepare-run'
import { CLASSIFIER, connectForTest, DENOISER } from '../support/digits'
import { kindRun, METHODS, NAMES, writeDigitsSoftLabels } from '../support/every-kind'
import { namedOf } from '../support/slow'

const IMAGES = 12

/** Every method is one or the other: it is compiled, or refused. */
const TRAINS_CLASSIFIER = NAMES.filter(name => trainedBy(METHODS[name].kind) === 'classifier')
const COMPILABLE = TRAINS_CLASSIFIER.filter(name => name !== 'layer-noise')
const REFUSED = NAMES.filter(name => !TRAINS_CLASSIFIER.includes(name))

/** Seven numbers, which take passes of four sizes. */
const ATTACKED = [1, 2, 3, 4, 5, 7, 10]

/** Attacks this many images in the updates, whatever the classifier says. */
const moreAndMore: SelectionRule = ({ correct }, { position: { step } }) => ({
  weights: correct.map(row => row.map(() => 1)),
  attacked: Array.from({ length: ATTACKED[step - 1] ?? 0 }, (_, image) => image),
  keptCounts: (correct[0] ?? []).map(() => 1),
})

describe('fine-tuning with a compiled classifier', () => {
  let session: Session
  let folder: string
  let softLabels: string

  beforeAll(async () => {
    // Traces and counts as with a compiler, which takes minutes.
    vi.stubEnv('FT_CADIS_COMPILE_BACKEND', 'aot_eager')
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-compiled-'))
    softLabels = join(folder, 'soft-labels.jsonl')
    await writeDigitsSoftLabels(session, softLabels)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await session?.close()
    await rm(folder, { recursive: true })
  })

  /** A run of one micro-batch an update: its losses, and the graphs of both networks. */
  async function train(
    name: (typeof NAMES)[number],
    { updates, rule, ...changes }: Partial<RunConfig> & { updates: number; rule?: SelectionRule },
  ) {
    const { classifier } = presets.digits({ denoiser: DENOISER, classifier: CLASSIFIER, output: 'run' })
    const run = kindRun(name, folder, softLabels)
    const rows: { loss: number; gradientNorm: number }[] = []
    const { networks, smoothing } = await finetune(
      session,
      {
        ...run,
        classifier: ['selector', 'router'].includes(name) ? { ...classifier, numClasses: 2 } : classifier,
        optimisation: { ...run.optimisation, imagesPerUpdate: IMAGES, imagesPerMicroBatch: IMAGES },
        ...changes,
      } as RunConfig,
      {
        ...{ existing: 'replace', stopAfterUpdates: updates, updatesOnly: true, progress: false },
        ...(rule === undefined ? {} : { rule }),
        onUpdate: ({ loss, gradientNorm }) => void rows.push({ loss, gradientNorm }),
      },
    )
    const graphs = await session.compute(() => ({
      classifier: torch.compiledGraphs(networks.classifier),
      denoiser: smoothing.front.kind === 'none' ? null : torch.compiledGraphs(smoothing.front.network),
    }))
    session.free([networks, smoothing])
    return { rows, graphs }
  }

  it.each(namedOf(COMPILABLE, ['ft-cadis', 'gaussian', 'ddn', 'macer', 'selector']))(
    '%s has the loss and gradient that it has uncompiled, in graphs of fixed sizes',
    async name => {
      const plain = await train(name, { updates: 1 })
      const compiled = await train(name, { updates: 1, compile: 'all' })
      expect(plain.graphs.classifier).toEqual({ graphs: 0, symbolic: 0 })
      expect(compiled.graphs.classifier.graphs).toBeGreaterThan(0)
      expect(compiled.graphs.classifier.symbolic).toBe(0)
      const [expected, got] = [plain.rows[0], compiled.rows[0]]
      expect(Math.abs((got?.loss ?? Number.NaN) / (expected?.loss ?? 0) - 1)).toBeLessThan(1e-4)
      expect(Math.abs((got?.gradientNorm ?? Number.NaN) / (expected?.gradientNorm ?? 0) - 1)).toBeLessThan(
        1e-3,
      )
    },
  )

  it('has as many graphs as there are sizes of passes, however many images are attacked', async () => {
    const { smoothing } = presets.digits({ denoiser: DENOISER, classifier: CLASSIFIER, output: 'run' })
    const { rows, graphs } = await train('ft-cadis', {
      ...{ updates: ATTACKED.length, rule: moreAndMore, smoothing, compile: 'all' },
    })
    expect(rows).toHaveLength(ATTACKED.length)
    // Clean passes have one; the attack, and the passes of its images, have one of each size.
    const sizes = passSizesFor(IMAGES).length
    expect(graphs.classifier.graphs).toBeGreaterThan(sizes)
    expect(graphs.classifier.graphs).toBeLessThanOrEqual(1 + 2 * sizes)
    expect(graphs.classifier.symbolic).toBe(0)
    expect(graphs.denoiser).toEqual({ graphs: 1, symbolic: 0 })
  }, 300_000)

  it('leaves the classifier uncompiled where the denoiser alone is compiled', async () => {
    const { smoothing } = presets.digits({ denoiser: DENOISER, classifier: CLASSIFIER, output: 'run' })
    const { graphs } = await train('ft-cadis', { updates: 2, smoothing, compile: 'denoiser' })
    expect(graphs).toEqual({
      classifier: { graphs: 0, symbolic: 0 },
      denoiser: { graphs: 1, symbolic: 0 },
    })
  }, 300_000)

  it.each(REFUSED)('is refused for %s', name => {
    const run = kindRun(name, folder, softLabels)
    expect(() => parseConfig({ ...run, compile: 'all' })).toThrow(
      new RegExp(`compile: expected none (or denoiser )?for the method ${METHODS[name].kind}, .+, got all`),
    )
  })

  it('is refused with noise after the first layer', () => {
    const run = kindRun('layer-noise', folder, softLabels)
    expect(() => parseConfig({ ...run, compile: 'all' })).toThrow(
      'compile: expected none with smoothing.noiseAfter first-layer, since the network is run from its second layer on, got all',
    )
  })

  it('is refused where gradients are differentiated again, which torch.compile cannot', () => {
    const run = kindRun('diverse-ensemble', folder, softLabels)
    expect(() => parseConfig({ ...run, compile: 'all' })).toThrow(
      'compile: expected none or denoiser for the method diverse-ensemble, whose gradients are differentiated again, got all',
    )
    const { smoothing } = presets.digits({ output: 'run' })
    expect(parseConfig({ ...run, smoothing, compile: 'denoiser' }).compile).toBe('denoiser')
  })

  it('is refused before any work where the classifier normalises over the batch', async () => {
    const run = { ...kindRun('gaussian', folder, softLabels), compile: 'all' as const }
    const error = await finetune(session, run, { existing: 'replace', progress: false }).catch(error => error)
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.message).toContain(
      'compile: expected none or denoiser for a classifier that normalises over the batch, got all.',
    )
  })
})

it('sizes of passes are quarters of a micro-batch, each once', () => {
  expect(passSizesFor(64)).toEqual([16, 32, 48, 64])
  expect(passSizesFor(10)).toEqual([3, 5, 8, 10])
  expect(passSizesFor(2)).toEqual([1, 2])
  expect(passSizesFor(1)).toEqual([1])
})
