import { type DiverseEnsembleSettings, diverseEnsembleSchema } from '../../config/methods/diverse-ensemble'
import { leadingClass } from '../../smoothing/leading-class'
import { seenCopies } from '../../smoothing/smoothing'
import { add, type Classifier, eq, flatten, noGrad, sum, type Tensor, to } from '../../torch'
import { ACCURACY_METRICS, BEST_ACCURACY } from '../accuracy-metrics'
import type { Evaluation, Objective, SimpleForm, TrainedNetworks } from '../objective'
import { exactPasses } from '../passes'
import { crossEntropyMetric } from '../shared-metrics'
import { diverseEnsembleLoss } from './loss'
import { viewOf } from './terms'

export type DiverseEnsembleForm = SimpleForm<
  DiverseEnsembleSettings,
  'crossEntropy' | 'gradients' | 'pairs' | 'margins' | 'correct'
>

/** Accuracy of the class with the largest sum of the members' logits. */
const ensembleAccuracy: Evaluation = {
  look: ({ networks, smoothing, labels_B, clean_BCHW, noise_MBCHW }) => {
    const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises: 1 })
    return noGrad(networks.classifier.session, () => {
      const labels_N = flatten(labels_B, 'B', 'N')
      const correct = (images_NCHW: Tensor<'NCHW'>) => {
        const logits_NK = membersOf(networks)
          .map(member => member.classify(images_NCHW))
          .reduce((total, logits) => add(total, logits))
        return sum(to(eq(leadingClass(logits_NK), labels_N), 'float32'))
      }
      return {
        clean: correct(flatten(clean_BCHW, 'B', 'N')),
        noisy: correct(flatten(seen_MBCHW, 'MB', 'N')),
      }
    })
  },
  metrics: ACCURACY_METRICS,
  best: BEST_ACCURACY,
}

/**
 * DRT (Yang et al., 2022): trains the members of an ensemble together. The terms are those of the first revision of a fork that names the
 * method; the authors' own code and their weights of the terms were not available. From memory: the published setting has three members,
 * pretrained on Gaussian noise.
 */
export const diverseEnsemble: Objective<DiverseEnsembleForm> = {
  kind: 'diverse-ensemble',
  settings: diverseEnsembleSchema,
  trains: 'members',
  members: ({ members, weights }) => ({ count: members, weights }),
  files: ({ weights = [] }) =>
    Object.fromEntries(weights.map((path, member) => [`method.weights.${member}`, path])),
  // Means over correct predictions are not sums over images.
  isAdditive: false,
  copies: ({ noises }) => noises,
  loss: ({
    networks,
    smoothing,
    batch: { labels_B },
    clean_BCHW,
    noise_MBCHW,
    settings,
    imagesPerUpdate,
  }) => {
    const { noises, gradientWeight, marginWeight } = settings
    const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises })
    const views = membersOf(networks).map(member =>
      member.training(() => viewOf(member, seen_MBCHW, { labels_B, noises })),
    )
    return diverseEnsembleLoss(views, labels_B, { gradientWeight, marginWeight, imagesPerUpdate })
  },
  sums: ['crossEntropy', 'gradients', 'pairs', 'margins', 'correct'],
  metrics: {
    crossEntropy: crossEntropyMetric(
      'Cross-entropy with the label, the mean over the noises of an image and the sum over the members.',
    ),
    gradients: {
      label: 'GD',
      caption:
        'Squared length of the sum of two members’ gradients, the mean where both are right, before its weight.',
      tag: 'loss/gradient_diversity',
      isHeadline: true,
      of: ({ gradients, pairs }) => (pairs > 0 ? gradients / pairs : null),
    },
    margins: {
      label: 'CM',
      caption:
        'Margin between the two largest probabilities, the mean where a member is right, before its weight.',
      tag: 'loss/margin',
      isHeadline: true,
      of: ({ margins, correct }) => (correct > 0 ? margins / correct : null),
    },
    trainingAccuracy: {
      label: 'training accuracy',
      caption: 'Accuracy of a member on noisy training images, in training mode, the mean over the members.',
      tag: 'train/accuracy',
      unit: 'share',
      isHeadline: true,
      of: ({ correct }, { copies, settings }) => correct / (copies * settings.members),
    },
  },
  passes: ({ members, noises }, { hasDenoiser }) =>
    exactPasses({
      denoiser: hasDenoiser ? noises : 0,
      forward: members * noises,
      // To the images with a graph, and back through that graph: one backward pass and two more.
      backward: 3 * members * noises,
    }),
  footprint: ({ members, noises }) => ({ graphs: 3 * members * noises, attacked: 0, frozenCopies: 0 }),
  evaluation: ensembleAccuracy,
}

function membersOf({ classifier, members = [classifier] }: TrainedNetworks): readonly Classifier[] {
  return members
}
