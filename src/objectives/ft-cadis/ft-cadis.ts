import { type FtCadisSettings, ftCadisSchema } from '../../config/methods/ft-cadis'
import type { Classifier, Tensor } from '../../torch'
import type { Form, LossTerm, Objective, Rule } from '../objective'
import { checkSelection } from './check-selection'
import { attackLosses } from './compose'
import { type DenoisedBatch, denoiseAndClassify } from './denoise-and-classify'
import { epsilonAt, withEpsilon } from './epsilon'
import { ftCadisMetrics } from './metrics'
import { type Selection, selectImages } from './select-images'
import { type SelectionTensors, selectionTensors } from './selection-tensors'

/** The types of FT-CADIS, for custom rules and loss terms. */
export interface FtCadisForm extends Form {
  readonly settings: FtCadisSettings
  /** The classifier that decides D_nh, if it is not the trained one (Table 6). */
  readonly prepared: { readonly selector: Classifier | null }
  readonly asked: {
    /** [M][B]: whether the selector assigns the label to a denoised image (Eq. 7). */
    readonly correct: Tensor<'MB', boolean>
    /** [M][B]: cross-entropy of the selector, for the cold start. */
    readonly crossEntropy: Tensor<'MB'>
    /** [M][B]: whether the trained classifier assigns the label to a denoised image. */
    readonly recognized: Tensor<'MB', boolean>
  }
  readonly kept: DenoisedBatch
  readonly decision: Selection
  readonly given: SelectionTensors
  readonly sums:
    | 'selectiveCrossEntropy'
    | 'adversarial'
    | 'fooled'
    | 'recognized'
    | 'kept'
    | 'allKept'
    | 'attacked'
  readonly made: {
    /** log softmax for the adversarial images, with the graph to the parameters; null if no image is attacked. */
    readonly logProbabilities_MAK: Tensor<'MAK'> | null
  }
}

/** A rule that decides on plain numbers which denoised images to train on and which images to attack. */
export type SelectionRule = Rule<FtCadisForm>

/** A term that a script adds to the loss of FT-CADIS. */
export type FtCadisLossTerm = LossTerm<FtCadisForm>

/**
 * FT-CADIS (Algorithm 1): trains on the denoised images that the classifier still recognises (Eq. 8), and attacks the images with all
 * denoised images recognised (Eq. 9).
 */
export const ftCadis: Objective<FtCadisForm> = {
  kind: 'ft-cadis',
  settings: ftCadisSchema,
  copies: ({ noises }) => noises,
  prepare: async ({ settings, initialClassifier }) => ({
    selector: settings.updateSelection ? null : await initialClassifier(),
  }),
  at: ({ epoch }, settings) => {
    const { attack } = settings
    return { ...settings, attack: { ...attack, epsilon: epsilonAt(epoch - 1, attack.epsilon) } }
  },

  // Noise, denoise, classify, judge.
  look: inputs => {
    const { settings, prepared } = inputs
    const denoised = denoiseAndClassify(inputs, { noises: settings.noises, selector: prepared.selector })
    const { correct_MB, selectorCrossEntropy_MB, recognized_MB } = denoised
    return {
      asked: { correct: correct_MB, crossEntropy: selectorCrossEntropy_MB, recognized: recognized_MB },
      kept: denoised,
    }
  },
  // D_nh (Eq. 7), its cold start, and the mask of Eq. 9.
  decide: ({ correct, crossEntropy }, { settings }) => selectImages(correct, crossEntropy, settings),
  check: (selection, { correct }, rule) =>
    checkSelection(selection, { noises: correct.length, images: correct[0]?.length ?? 0, rule }),
  count: ({ keptCounts, attacked }, { recognized }) => ({
    recognized: recognized.flat().filter(Boolean).length,
    kept: keptCounts.reduce((total, count) => total + count, 0),
    allKept: keptCounts.filter(count => count === recognized.length).length,
    attacked: attacked.length,
  }),
  given: (selection, { networks, settings: { adversarial }, passSizes }) =>
    selectionTensors(networks.classifier, selection, { adversarial, passSizes }),
  // Attacks the selected images and composes the loss (Eq. 8 to 10).
  loss: ({ networks, settings, imagesPerUpdate }, { kept, given }) => {
    const { losses, logProbabilities_MAK } = attackLosses(networks.classifier, kept, {
      ...withEpsilon(settings),
      ...given,
      imagesPerUpdate,
    })
    const { total, ...sums } = losses
    return { total, sums, made: { logProbabilities_MAK } }
  },

  sums: ['selectiveCrossEntropy', 'adversarial', 'fooled', 'recognized', 'kept', 'allKept', 'attacked'],
  metrics: ftCadisMetrics,
  passes: ({ noises, adversarial, attack, updateSelection }, { usesBatchStatistics, hasDenoiser }) => {
    // Each attacked image costs T attack passes and one loss pass, for each of its M denoised versions.
    const attacked = noises * (attack.steps + 1)
    const isCertain = adversarial === 'all' || (adversarial === 'masked' && usesBatchStatistics)
    const least = isCertain ? attacked : 0
    const most = adversarial === 'none' ? 0 : attacked
    const judged = updateSelection ? noises : 2 * noises
    return {
      denoiserForward: hasDenoiser ? noises : 0,
      classifierForward: { least: judged + least, most: judged + most },
      classifierBackward: { least: noises + least, most: noises + most },
    }
  },
  footprint: ({ noises, adversarial, updateSelection }) => ({
    graphs: noises,
    attacked: adversarial === 'none' ? 0 : noises,
    frozenCopies: updateSelection ? 0 : 1,
  }),
}
