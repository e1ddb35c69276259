/**
 * Short runs by every kind of method, on the digits under plain noise, with a small network that has batch normalisation.
 *
 *     npx tsx test/support/every-kind.ts <folder> <soft labels>
 *
 * As a program it trains those that processes can share, each into a folder of its name, in as many processes as it is launched in.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  connect,
  type FinetuneHooks,
  finetune,
  parseConfig,
  type RunConfig,
  type RunConfigInput,
  type Session,
  torch,
} from '../../src'
import { runMain } from '../../src/cli/program'
import { SHORT_SCHEDULE, smallUnet } from '../../src/config/diffusion/small-unet'
import { mergeSettings } from '../../src/config/merge-settings'
import type { MethodConfig } from '../../src/config/methods'
import { networkFolders } from '../../src/config/methods/trained'
import { CLASSIFIER } from './digits'
import { namedOf } from './slow'

type Method = NonNullable<RunConfigInput['method']> & { readonly kind: MethodConfig['kind'] }

/** Settings of each method, by the name of the run. */
export const METHODS: Readonly<
  Record<
    MethodConfig['kind'] | 'ddn' | 'adversarial-consistency' | 'layer-noise' | 'diffusion-calibration',
    Method
  >
> = {
  'ft-cadis': { kind: 'ft-cadis', noises: 2, lambda: 1, attack: { steps: 1, epsilon: 0.5 } },
  'cross-entropy': { kind: 'cross-entropy', noises: 2 },
  gaussian: { kind: 'gaussian' },
  stability: { kind: 'stability', lambda: 2 },
  consistency: { kind: 'consistency', lambda: 5 },
  'adversarial-consistency': {
    kind: 'consistency',
    lambda: 1,
    attack: { steps: 2, epsilon: 1, rampEpochs: 2 },
  },
  'smooth-adv': {
    kind: 'smooth-adv',
    ...{ noises: 2, rampEpochs: 2 },
    attack: { kind: 'pgd', steps: 2, epsilon: 1 },
  },
  ddn: {
    kind: 'smooth-adv',
    ...{ noises: 2, trainedNoises: 'first' },
    attack: { kind: 'ddn', steps: 2, epsilon: 1 },
  },
  macer: { kind: 'macer', noises: 4, lambda: 6, robustnessFromEpoch: 1 },
  'smooth-mix': {
    kind: 'smooth-mix',
    ...{ mixStep: 1, rampEpochs: 2 },
    attack: { steps: 2, stepLength: 0.5 },
  },
  denoiser: { kind: 'denoiser' },
  diffusion: { kind: 'diffusion', averageDecay: 0.5 },
  'diverse-ensemble': { kind: 'diverse-ensemble', members: 2, gradientWeight: 0.5, marginWeight: 0.5 },
  score: { kind: 'score', sigmas: [0.25, 0.5] },
  calibration: { kind: 'calibration', experimental: true, lambda: 1 },
  'diffusion-calibration': { kind: 'calibration', experimental: true, lambda: 1 },
  'pixel-dp': { kind: 'pixel-dp', rampRate: 0.5 },
  'layer-noise': { kind: 'pixel-dp', rampRate: 0.5, parsevalBeta: 0.01, parsevalLoops: 2 },
  selector: { kind: 'selector', threshold: 0.75, predictions: 'soft-labels.jsonl' },
  router: {
    kind: 'router',
    experts: [0.25, 0.5].map(sigma => ({ sigma, predictions: 'soft-labels.jsonl' })),
  },
  'cat-rs': {
    kind: 'cat-rs',
    ...{ noises: 2, lambda: 1, predictions: 'soft-labels.jsonl' },
    attack: {
      steps: 2,
      epsilon: [
        { fromEpoch: 0, epsilon: 0.5 },
        { fromEpoch: 1, epsilon: 1 },
      ],
    },
  },
}

/** What a method says of its optimizer that others do not. */
const IMAGE_DENOISER = { denoiser: { source: 'dncnn', depth: 4, width: 6, channels: 1 } }

/** With dropout, whose numbers a resumed run has to draw again. */
const DIFFUSION_MODEL = {
  denoiser: {
    source: 'diffusers',
    unet: { ...smallUnet({ imageSize: 8, channels: 1, width: 8 }), dropout: 0.1 },
    scheduler: SHORT_SCHEDULE,
  },
}

const TRAINS_DENOISER = { smoothing: IMAGE_DENOISER, classifier: { source: 'timm', path: CLASSIFIER } }

const DIFFERENT: { readonly [name in keyof typeof METHODS]?: object } = {
  denoiser: TRAINS_DENOISER,
  diffusion: { ...TRAINS_DENOISER, smoothing: DIFFUSION_MODEL },
  score: TRAINS_DENOISER,
  calibration: TRAINS_DENOISER,
  'diffusion-calibration': { ...TRAINS_DENOISER, smoothing: DIFFUSION_MODEL },
  'layer-noise': { smoothing: { noiseAfter: 'first-layer' } },
  selector: { classifier: { arguments: { classes: 2 } } },
  router: { classifier: { arguments: { classes: 2 } } },
  'diverse-ensemble': { classifier: { factory: 'network' }, optimisation: { imagesPerMicroBatch: 450 } },
}

export const NAMES = Object.keys(METHODS) as (keyof typeof METHODS)[]

/** The methods whose loss is a sum over micro-batches, so that processes can share an update: those that this run tests. */
export const SHARED_NAMES = namedOf(
  NAMES.filter(name => name !== 'diverse-ensemble'),
  [
    ...(['ft-cadis', 'consistency', 'macer', 'smooth-mix', 'denoiser', 'diffusion'] as const),
    ...(['layer-noise', 'selector', 'cat-rs'] as const),
  ],
)

/** Four updates, the third of what is left of an epoch, the last in a second one: SGD with a step and two micro-batches. */
export function kindRun(name: keyof typeof METHODS, folder: string, softLabels: string): RunConfig {
  const method = METHODS[name]
  const config = {
    smoothing: { sigma: 0.25, denoiser: { source: 'none' } },
    classifier: {
      ...{ source: 'python', file: join(__dirname, 'batch_norm_network.py'), factory: 'seeded' },
      inputRange: 'symmetric',
    },
    data: { source: 'digits' },
    method: withSoftLabels(method, softLabels),
    optimisation: {
      ...{ epochs: 2, imagesPerUpdate: 450, imagesPerMicroBatch: 225, dropLast: false, learningRate: 0.05 },
      ...{ optimizer: { kind: 'sgd' }, schedule: { kind: 'steps', everyEpochs: 1 } },
      ...{ weightDecay: { start: 1e-3, end: 1e-3 }, decays: 'all' },
    },
    checkpoints: { everyUpdates: 2 },
    device: 'cpu',
    output: join(folder, name),
  }
  return parseConfig(mergeSettings(config, DIFFERENT[name] ?? {}) as RunConfigInput)
}

function withSoftLabels(method: Method, predictions: string): Method {
  if (method.kind === 'router') {
    return { ...method, experts: method.experts.map(expert => ({ ...expert, predictions })) }
  }
  return 'predictions' in method ? { ...method, predictions } : method
}

export const HOOKS = {
  ...{ stopAfterUpdates: 4, evaluationImages: 20, eventFiles: false, progress: false },
} satisfies FinetuneHooks

/** The file of the weights that a run has trained, in its checkpoint. */
export function weightsFile(name: keyof typeof METHODS): string {
  const [folder = '.'] = networkFolders(METHODS[name])
  return join(folder, /^diffusion/.test(name) ? 'diffusion_pytorch_model.safetensors' : 'model.safetensors')
}

/** Soft labels of the digits that someone might have counted. */
export async function writeDigitsSoftLabels(session: Session, path: string): Promise<void> {
  const digits = await torch.openDataset(session, { source: 'digits', split: 'train' })
  const data = await session.compute(() => digits.identity())
  const header = { format: 'ft-cadis soft labels 1', n: 4, data, configuration: {} }
  const rows = Array.from({ length: digits.description.length }, (_, image) => [
    image,
    { [image % 10]: 3, [(image * 7 + 1) % 10 === image % 10 ? (image + 1) % 10 : (image * 7 + 1) % 10]: 1 },
  ])
  await writeFile(path, `${[header, ...rows].map(row => JSON.stringify(row)).join('\n')}\n`)
  session.free(digits)
}

if (require.main === module) {
  const [, , folder = '', softLabels = ''] = process.argv
  void runMain(async () => {
    await using session = await connect({ device: 'cpu', threads: 1 })
    for (const name of SHARED_NAMES) {
      const { networks, smoothing } = await finetune(session, kindRun(name, folder, softLabels), HOOKS)
      session.free([networks, smoothing])
      process.stdout.write(`trained ${name}\n`)
    }
  })
}
