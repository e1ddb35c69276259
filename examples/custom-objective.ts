/**
 * An objective of your own: cross-entropy on the denoised images, and agreement of what the classifier says of them under
 * different noise (Consistency of Jeong and Shin, 2020, without its entropy term). Trains on the digits with it.
 *
 *     npx ts-node examples/custom-objective.ts --lambda 10
 */
import { join } from 'node:path'
import { z } from 'zod'
import {
  connect,
  crossEntropy,
  DIGITS_NETWORKS,
  defineConfig,
  defineObjective,
  finetune,
  logProbabilities,
  presets,
  type SimpleForm,
  seenCopies,
  setup,
  torch,
} from '../src'
import { parseNumber } from '../src/cli/option-values'
import { createProgram, runMain } from '../src/cli/program'

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

interface Options {
  readonly lambda: number
  readonly steps?: number
  readonly output: string
  readonly device: string
  readonly python?: string
}

async function train({ lambda, steps, output, device, python }: Options): Promise<void> {
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
    onEpoch: ({ epoch, metrics: { clean, noisy } }) => {
      console.log(`epoch ${epoch}: accuracy ${clean} on clean test images, ${noisy} on noisy ones`)
    },
  })
  console.log(`checkpoint: ${checkpoint}`)
}

void runMain(async () => {
  const program = createProgram('custom-objective', 'Train on the digits by an objective of your own.')
    .option('--lambda <number>', 'weight of the consistency', parseNumber({ min: 0 }), 10)
    .option('--steps <count>', 'stop after so many updates', parseNumber({ min: 1, integer: true }))
    .option('--output <folder>', 'folder of the run', join('runs', 'custom-objective'))
    .option('--device <name>', 'torch device', 'auto')
    .option('--python <path>', 'Python interpreter to use')
  program.action(async (options: Options) => train(options))
  await program.parseAsync()
})
