/**
 * Your own selection rule: a denoised image counts as non-hallucinated where the classifier gives its label at least
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
  runProgram,
  type Schedule,
  type SelectionRule,
  selectImages,
  setup,
  torch,
  withEpsilon,
} from 'ft-cadis'

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

/** Your own loss term, recorded like the others: the confidence penalty, minus the entropy of the predictions. */
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

/** Your own schedule: the attack's radius rises over the first epoch. */
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

const program = {
  name: 'custom-selection-rule',
  description: 'FT-CADIS on the digits with your own selection rule.',
  options: {
    threshold: {
      type: 'number',
      value: 'probability',
      description: 'least probability of the label',
      min: 0,
      max: 1,
      default: 0.8,
    },
    confidencePenalty: {
      type: 'number',
      value: 'weight',
      description: 'weight of a further loss term',
      min: 0,
      default: 0,
    },
    output: {
      type: 'string',
      value: 'folder',
      description: 'folder of the run',
      default: join('runs', 'custom-selection-rule'),
    },
    python: { type: 'string', value: 'path', description: 'Python interpreter to use' },
  },
  takesRunOptions: true,
  stopping: 'the update is finished, then a checkpoint written',
} as const

void runProgram(program, async ({ threshold, confidencePenalty: weight, output, python }, { hooks }) => {
  await setup({ python, onLine: line => console.error(line) })
  await using session = await connect({ python, threads: 1 })
  await finetune(session, presets.digits({ output }), {
    ...hooks,
    rule: confidentlyRight({ threshold }),
    schedule: risingEpsilon,
    ...(weight > 0 ? { lossTerm: confidencePenalty({ weight }) } : {}),
  })
})
