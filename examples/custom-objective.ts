/**
 * Your own objective: cross-entropy on the denoised images, and agreement of what the classifier says of them under
 * different noise (Consistency of Jeong and Shin, 2020, without its entropy term). Trains on the digits with it.
 *
 *     npx ts-node examples/custom-objective.ts --lambda 10
 */
import { join } from 'node:path'
import {
  connect,
  crossEntropy,
  DIGITS_NETWORKS,
  defineConfig,
  defineObjective,
  finetune,
  logProbabilities,
  presets,
  runProgram,
  type SimpleForm,
  seenCopies,
  setup,
  torch,
} from 'ft-cadis'
import { z } from 'zod'

const settings = z.strictObject({
  kind: z.literal('agreement'),
  noises: z.int().min(2).default(2).describe('M, noises of each image in an update. Default 2.'),
  lambda: z.number().nonnegative().describe('Weight of the consistency.'),
})

type AgreementForm = SimpleForm<z.output<typeof settings>, 'crossEntropy' | 'consistency'>

const agreement = defineObjective<AgreementForm>({
  kind: 'agreement',
  settings,
  copies: ({ noises }) => noises,
  loss: ({ networks: { classifier }, smoothing, batch, clean_BCHW, noise_MBCHW, ...step }) => {
    const { noises, lambda } = step.settings
    const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises })
    const log_MBK = classifier.training(() => logProbabilities(classifier, seen_MBCHW, noises))
    // KL(mean prediction || prediction), in log space.
    const logMean_BK = torch.sub(torch.logsumexp(log_MBK, 'M'), Math.log(noises))
    const divergence_MBK = torch.mul(torch.mul(torch.sub(log_MBK, logMean_BK), torch.exp(logMean_BK)), -1)
    const sums = {
      crossEntropy: torch.sum(torch.mean(crossEntropy(log_MBK, batch.labels_B), 'M')),
      consistency: torch.sum(torch.mean(torch.sum(divergence_MBK, 'K'), 'M')),
    }
    const loss = torch.add(sums.crossEntropy, torch.mul(sums.consistency, lambda))
    return { total: torch.div(loss, step.imagesPerUpdate), sums }
  },
  sums: ['crossEntropy', 'consistency'],
  metrics: {
    crossEntropy: { label: 'CE', caption: 'Cross-entropy with the label.', tag: 'loss/cross_entropy' },
    consistency: { label: 'KL', caption: 'Divergence from the mean prediction.', tag: 'loss/consistency' },
  },
  passes: ({ noises }, { hasDenoiser }) => ({
    denoiserForward: hasDenoiser ? noises : 0,
    classifierForward: { least: noises, most: noises },
    classifierBackward: { least: noises, most: noises },
  }),
  footprint: ({ noises }) => ({ graphs: noises, attacked: 0, frozenCopies: 0 }),
})

const program = {
  name: 'custom-objective',
  description: 'Train on the digits by your own objective.',
  options: {
    lambda: { type: 'number', description: 'weight of the consistency', min: 0, default: 10 },
    steps: { type: 'number', description: 'stop after this many updates', min: 1, integer: true },
    output: {
      type: 'string',
      value: 'folder',
      description: 'folder of the run',
      default: join('runs', 'custom-objective'),
    },
    device: { type: 'string', value: 'name', description: 'torch device', default: 'auto' },
    python: { type: 'string', value: 'path', description: 'Python interpreter to use' },
  },
  stopping: 'the update is finished, then a checkpoint written',
} as const

void runProgram(program, async ({ lambda, steps, output, device, python }, { signal }) => {
  await setup({ python, onLine: line => console.error(line) })
  await using session = await connect({ python, device, threads: 1 })
  const run = defineConfig({
    ...presets.digits({ denoiser: DIGITS_NETWORKS.denoiser, classifier: DIGITS_NETWORKS.classifier, output }),
    objectives: [agreement],
    method: { kind: 'agreement', lambda },
  })
  const { checkpoint } = await finetune<AgreementForm>(session, run, {
    existing: 'replace',
    stopAfterUpdates: steps,
    signal,
    onEpoch: ({ epoch, metrics: { clean, noisy } }) => {
      console.log(`epoch ${epoch}: accuracy ${clean} on clean test images, ${noisy} on noisy ones`)
    },
  })
  console.log(`checkpoint: ${checkpoint}`)
})
