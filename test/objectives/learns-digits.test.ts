import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  certificationOf,
  certify,
  finetune,
  lowerConfidenceBound,
  parseConfig,
  type RunConfig,
  type RunConfigInput,
  type Session,
  writeSoftLabels,
} from '../../src'
import { mergeSettings } from '../../src/config/merge-settings'
import { givesClasses, trainedBy } from '../../src/config/methods/trained'
import { connectForTest } from '../support/digits'
import { METHODS } from '../support/every-kind'

type Name = keyof typeof METHODS

/** The settings of MNIST in the literature, or near them where an epoch is to be short. */
const SETTINGS: Readonly<Partial<Record<Name, object>>> = {
  'ft-cadis': { lambda: 1 },
  consistency: { lambda: 5 },
  'adversarial-consistency': { attack: { steps: 4, epsilon: 0.5, rampEpochs: 5 } },
  'smooth-adv': { rampEpochs: 5, attack: { kind: 'pgd', steps: 4, epsilon: 0.5 } },
  ddn: { rampEpochs: 5, attack: { kind: 'ddn', steps: 2, epsilon: 0.5 } },
  macer: { noises: 8, robustnessFromEpoch: 6 },
  'smooth-mix': { mixStep: 0, rampEpochs: 5 },
  'cat-rs': { noises: 4, attack: { steps: 2, epsilon: 0.5 } },
}

/** What a run states beside its method. */
const BESIDE: Readonly<Partial<Record<Name, object>>> = {
  'layer-noise': { smoothing: { noiseAfter: 'first-layer' } },
}

/** `FT_CADIS_FROM_SCRATCH` names the methods, with commas between, or is `all`: `npm run test:slow` takes all. */
const ASKED = process.env.FT_CADIS_FROM_SCRATCH ?? ''
/** Selectors and denoisers do not tell digits apart: see `selector.test.ts` and `trained-denoiser.test.ts`. */
const NAMES = (Object.keys(METHODS) as Name[]).filter(
  name => isClassifier(METHODS[name].kind) && (ASKED === 'all' || ASKED.split(',').includes(name)),
)

function isClassifier(kind: string): boolean {
  return givesClasses(kind) && trainedBy(kind) !== 'denoiser'
}

/** What training may take on one core. */
const MOST_SECONDS = 120
const RADIUS = 0.25
const CHANCE = 0.1

describe.runIf(NAMES.length > 0)('a small network with batch normalisation, from scratch on digits', () => {
  let session: Session
  let folder: string
  let softLabels: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-from-scratch-'))
    softLabels = join(folder, 'soft-labels.jsonl')
    if (!NAMES.includes('cat-rs')) return
    const { checkpoint } = await train('gaussian', 'teacher')
    const teacher = certificationOf(configOf('gaussian', 'teacher'), checkpoint)
    await writeSoftLabels(session, teacher, { output: softLabels, n: 100, augment: false })
  }, 300_000)
  afterAll(async () => {
    await session?.close()
    if (folder !== undefined) await rm(folder, { recursive: true })
  })

  function configOf(name: Name, run: string): RunConfig {
    const method = { ...METHODS[name], ...SETTINGS[name] }
    const config = {
      smoothing: { sigma: 0.25, denoiser: { source: 'none' } },
      classifier: {
        source: 'python',
        file: join(__dirname, '..', 'support', 'batch_norm_network.py'),
        factory: 'network',
        arguments: { width: 32 },
        inputRange: { mean: [0.3], std: [0.37] },
      },
      data: { source: 'digits' },
      method: method.kind === 'cat-rs' ? { ...method, predictions: softLabels } : method,
      optimisation: {
        ...{ epochs: 20, imagesPerUpdate: 64, dropLast: false, learningRate: 0.02 },
        ...{ optimizer: { kind: 'sgd' }, schedule: { kind: 'steps', everyEpochs: 8, late: 1 } },
        ...{ weightDecay: { start: 1e-4, end: 1e-4 }, decays: 'all' },
      },
      certification: { n0: 20, n: 500, alpha: 0.001, images: { every: 3 }, batch: 520 },
      device: 'cpu',
      output: join(folder, run),
    }
    return parseConfig(mergeSettings(config, BESIDE[name] ?? {}) as RunConfigInput)
  }

  async function train(name: Name, run: string = name) {
    const begunMs = performance.now()
    const { checkpoint, networks, smoothing } = await finetune(session, configOf(name, run), {
      ...{ evaluationImages: 20, eventFiles: false, progress: false },
    })
    session.free([networks, smoothing])
    return { checkpoint, seconds: (performance.now() - begunMs) / 1000 }
  }

  it.each(NAMES)('%s is better than chance at r = 0.25, after two minutes at most', async name => {
    const { checkpoint, seconds } = await train(name)
    const log = await certify(session, certificationOf(configOf(name, name), checkpoint), { progress: false })
    const certified = log.rows.filter(({ correct, radius }) => correct && radius >= RADIUS).length
    const { length } = log.rows
    // The lower end of a 95 % interval.
    const share = lowerConfidenceBound(certified, length, { alpha: 0.025 })
    process.stdout.write(
      `${name}: ${certified} of ${length} at r = ${RADIUS}, ${seconds.toFixed(0)} s of training\n`,
    )
    expect(share).toBeGreaterThan(CHANCE)
    expect(seconds).toBeLessThan(MOST_SECONDS)
  })
})
