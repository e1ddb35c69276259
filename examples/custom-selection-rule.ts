/**
 * A selection rule of your own: a denoised image counts as non-hallucinated where the classifier gives its label at least
 * a certain probability, instead of the highest of all (Eq. 7). Trains on the digits with it.
 *
 *     npx ts-node examples/custom-selection-rule.ts --threshold 0.8
 */
import { join } from 'node:path'
import {
  connect,
  defineHook,
  type FtCadisLossTerm,
  finetune,
  presets,
  type Schedule,
  type SelectionRule,
  selectImages,
  setup,
  torch,
  withEpsilon,
} from '../src'
import { interruptible } from '../src/cli/interruption'
import { parseNumber } from '../src/cli/option-values'
import { createProgram, runMain } from '../src/cli/program'
import { addRunOptions, type RunOptions, runHooks } from '../src/cli/run-options'

interface Options extends RunOptions {
  readonly threshold: number
  readonly confidencePenalty: number
  readonly output: string
  readonly python?: string
}

/** Kept where p(y) ≥ threshold. Everything else stays as the settings say: cold start, mask, weights of 0 and 1. */
function confidentlyRight(parameters: { readonly threshold: number }): SelectionRule {
  return defineHook({
    name: 'confidently-right',
    parameters,
    make:
      ({ threshold }) =>
      ({ crossEntropy }, { settings }) =>
        selectImages(
          crossEntropy.map(row => row.map(value => Math.exp(-value) >= threshold)),
          crossEntropy,
          settings,
        ),
  })
}

/** A loss term of your own, recorded like the others: the confidence penalty, minus the entropy of the predictions. */
function confidencePenalty(parameters: { readonly weight: number }): FtCadisLossTerm {
  return defineHook({
    name: 'confidence-penalty',
    parameters,
    make:
      ({ weight }) =>
      (_inputs, { kept: { logProbabilities_MBK } }) => {
        const probabilities_MBK = torch.exp(logProbabilities_MBK)
        const negativeEntropy_MB = torch.sum(torch.mul(probabilities_MBK, logProbabilities_MBK), 'K')
        return torch.mul(torch.sum(torch.mean(negativeEntropy_MB, 'M')), weight)
      },
  })
}

/** A schedule of your own: the attack's radius rises over the first epoch. */
const risingEpsilon: Schedule = defineHook({
  name: 'rising-epsilon',
  parameters: { start: 0.1 },
  make:
    ({ start }) =>
    ({ epochsDone }, { method }) => {
      const { attack } = withEpsilon(method)
      const epsilon = attack.epsilon * Math.min(1, epochsDone + start)
      return { method: { ...method, attack: { ...attack, epsilon } } }
    },
})

void runMain(async () => {
  const program = addRunOptions(
    createProgram('custom-selection-rule', 'FT-CADIS on the digits with a selection rule of your own.')
      .option(
        '--threshold <probability>',
        'least probability of the label',
        parseNumber({ min: 0, max: 1 }),
        0.8,
      )
      .option('--confidence-penalty <weight>', 'weight of a further loss term', parseNumber({ min: 0 }), 0)
      .option('--output <folder>', 'folder of the run', join('runs', 'custom-selection-rule'))
      .option('--python <path>', 'Python interpreter to use'),
  )
  const options = program.parse().opts<Options>()
  const { threshold, confidencePenalty: weight, output, python } = options
  await setup({ python, onLine: line => console.error(line) })
  await using session = await connect({ python, threads: 1 })
  const config = presets.digits({ output })
  await interruptible('the update is finished, then a checkpoint written', signal =>
    finetune(session, config, {
      ...runHooks(options),
      signal,
      rule: confidentlyRight({ threshold }),
      schedule: risingEpsilon,
      ...(weight > 0 ? { lossTerm: confidencePenalty({ weight }) } : {}),
    }),
  )
})
