/**
 * A custom objective in one file, and a program that trains the digits by it on noisy images without a denoiser:
 * cross-entropy beyond a tolerance, on hard images and on some of the easy ones, and on images that jitter.
 *
 *     npx tsx test/support/margin-objective.ts <output>
 *
 * Prints a JSON line with the process id, one with the updates that are done already, then one for each update.
 */
import { z } from 'zod'
import {
  connect,
  defineConfig,
  defineObjective,
  type Form,
  finetune,
  logProbabilities,
  presets,
  type RunDefinition,
  seenCopies,
  torch,
} from '../../src'
import { runMain } from '../../src/cli/program'
import { CLASSIFIER } from './digits'

const settings = z.strictObject({
  kind: z.literal('margin'),
  noises: z.int().positive(),
  /** Cross-entropy up to which an image costs nothing: it rises to this over the run. */
  tolerance: z.number().nonnegative(),
  /** Share of the easy images that are learnt from. */
  easyShare: z.number().min(0).max(1),
  /** Standard deviation of the jitter, for pixels in [-1, 1]. */
  jitter: z.number().nonnegative(),
})

type Settings = z.output<typeof settings>

export interface MarginForm extends Form {
  readonly settings: Settings
  readonly prepared: null
  readonly asked: { readonly crossEntropy: torch.Tensor<'MB'> }
  readonly kept: { readonly logProbabilities_MBK: torch.Tensor<'MBK'> }
  /** [B]: whether an image is learnt from. */
  readonly decision: readonly boolean[]
  readonly given: { readonly weights_B: torch.Tensor<'B'>; readonly generator: torch.Generator }
  readonly sums: 'hinge' | 'jittered' | 'learnt'
  readonly made: null
}

const crossEntropyOf = (logProbabilities_MBK: torch.Tensor<'MBK'>, labels_B: torch.Tensor<'B'>) =>
  torch.mul(torch.pick(logProbabilities_MBK, 'K', labels_B), -1)

export const margin = defineObjective<MarginForm>({
  kind: 'margin',
  settings,
  copies: ({ noises }) => noises,
  at: ({ step, steps }, { tolerance, ...others }) => ({ ...others, tolerance: (tolerance * step) / steps }),
  look: ({ networks: { classifier }, smoothing, batch, clean_BCHW, noise_MBCHW, settings: { noises } }) => {
    const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises })
    const logProbabilities_MBK = classifier.training(() => logProbabilities(classifier, seen_MBCHW, noises))
    return {
      asked: { crossEntropy: crossEntropyOf(logProbabilities_MBK, batch.labels_B) },
      kept: { logProbabilities_MBK },
    }
  },
  decide: ({ crossEntropy }, { settings: { tolerance, easyShare }, labels, random }) =>
    labels.map((_, image) => {
      // Drawn for each image, so that what one image costs does not decide about another.
      const isDrawn = random() < easyShare
      return isDrawn || crossEntropy.some(row => (row[image] ?? 0) > tolerance)
    }),
  count: decision => ({ learnt: decision.filter(Boolean).length }),
  given: (decision, { networks, stream }) => ({
    weights_B: torch.tensor(networks.classifier.session, decision.map(Number), { axes: 'B' }),
    generator: torch.generator(networks.classifier.session, ...stream, 'jitter'),
  }),
  loss: (inputs, { kept: { logProbabilities_MBK }, given: { weights_B, generator } }) => {
    const { networks, batch, clean_BCHW, imagesPerUpdate } = inputs
    const { tolerance, jitter } = inputs.settings
    const excess_MB = torch.clampMin(
      torch.sub(crossEntropyOf(logProbabilities_MBK, batch.labels_B), tolerance),
      0,
    )
    const hinge = torch.sum(torch.mul(torch.mean(excess_MB, 'M'), weights_B))
    const moved_BCHW = torch.add(clean_BCHW, torch.mul(torch.randnLike(clean_BCHW, generator), jitter))
    const moved_MBCHW = torch.unflatten(torch.flatten(moved_BCHW, 'B', 'N'), 'N', { as: 'MB', count: 1 })
    const moved_MBK = networks.classifier.training(() =>
      logProbabilities(networks.classifier, moved_MBCHW, 1),
    )
    const jittered = torch.sum(crossEntropyOf(moved_MBK, batch.labels_B))
    return { total: torch.div(torch.add(hinge, jittered), imagesPerUpdate), sums: { hinge, jittered } }
  },
  sums: ['hinge', 'jittered', 'learnt'],
  metrics: {
    hinge: {
      label: 'hinge',
      caption: 'Cross-entropy beyond the tolerance.',
      tag: 'loss/hinge',
      isHeadline: true,
    },
    jittered: { label: 'jittered', caption: 'Cross-entropy of images that jitter.', tag: 'loss/jittered' },
    learntShare: {
      label: 'learnt',
      caption: 'Share of images that are learnt from.',
      tag: 'margin/learnt_share',
      unit: 'share',
      isHeadline: true,
      of: ({ learnt }, { images }) => learnt / images,
    },
    tolerance: {
      label: 'tolerance',
      caption: 'Cross-entropy up to which an image costs nothing.',
      tag: 'margin/tolerance',
      isExact: true,
      of: (_sums, { settings: { tolerance } }) => tolerance,
    },
  },
  passes: ({ noises }) => {
    const exactly = { least: noises + 1, most: noises + 1 }
    return { denoiserForward: 0, classifierForward: exactly, classifierBackward: exactly }
  },
  footprint: ({ noises }) => ({ graphs: noises + 1, attacked: 0, frozenCopies: 0 }),
})

/** M = 2 and twelve updates of 200 images in two epochs, each in two micro-batches; a checkpoint after every second. */
export function marginRun(output: string, method: Partial<Settings> = {}): RunDefinition {
  const { smoothing, optimisation, ...base } = presets.digits({ classifier: CLASSIFIER, output })
  return defineConfig({
    ...base,
    objectives: [margin],
    smoothing: { ...smoothing, sigma: 0.25, denoiser: { source: 'none' } },
    method: { kind: 'margin', noises: 2, tolerance: 0.5, easyShare: 0.25, jitter: 0.25, ...method },
    optimisation: {
      ...optimisation,
      ...{ epochs: 2, warmupEpochs: 0.5, imagesPerUpdate: 200, imagesPerMicroBatch: 100 },
    },
    checkpoints: { everyUpdates: 2 },
  })
}

if (require.main === module) {
  const say = (fact: object) => void process.stdout.write(`${JSON.stringify(fact)}\n`)
  void runMain(async () => {
    await using session = await connect({ device: 'cpu', threads: 1 })
    say({ node: process.pid })
    await finetune<MarginForm>(session, marginRun(process.argv[2] ?? ''), {
      existing: 'resume',
      evaluationImages: 40,
      onStart: ({ stepsDone }) => say({ stepsDone }),
      onUpdate: ({ step }) => say({ step }),
    })
  })
}
