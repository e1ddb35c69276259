import { type SmoothAdvSettings, smoothAdvSchema } from '../config/methods/smooth-adv'
import { seenCopies } from '../smoothing/smoothing'
import { div, mean, slice, sum, type Tensor } from '../torch'
import { type AttackNoise, attackNoise, drawnFrom } from './attack-noise'
import { ddnAttack } from './attacks/ddn-attack'
import { type ShiftAttack, type ShiftInputs, shiftAttack } from './attacks/shift-attack'
import { logProbabilities } from './log-probabilities'
import { crossEntropy } from './losses'
import type { Form, Objective } from './objective'
import { exactPasses } from './passes'
import { rampFactor } from './ramp'
import { recognizedCount } from './recognized'
import { crossEntropyMetric, trainingAccuracyMetric } from './shared-metrics'

export interface SmoothAdvForm extends Form {
  readonly settings: SmoothAdvSettings
  readonly prepared: null
  readonly asked: null
  readonly kept: null
  readonly decision: null
  readonly given: AttackNoise
  readonly sums: 'crossEntropy' | 'recognized'
  readonly made: null
}

type PgdAttack = Extract<SmoothAdvSettings['attack'], { kind: 'pgd' }>

/** PGD for this method: with one noise it ascends the plain cross-entropy, whose direction is the same. */
export function smoothAdvPgd(attack: Omit<PgdAttack, 'kind'>, noises: number): ShiftAttack {
  return {
    ...attack,
    stepLength: (2 * attack.epsilon) / attack.steps,
    ascends: noises === 1 ? 'cross-entropy' : 'mean-probability',
  }
}

/** Adversarial training of smoothed classifiers (Salman et al., 2019). */
export const smoothAdv: Objective<SmoothAdvForm> = {
  kind: 'smooth-adv',
  settings: smoothAdvSchema,
  copies: ({ noises }) => noises,
  at: ({ epoch }, settings) => {
    const { attack } = settings
    return { ...settings, attack: { ...attack, epsilon: attack.epsilon * rampFactor(epoch, settings) } }
  },
  given: (_decision, context) => attackNoise(context),
  loss: (inputs, { given }) => {
    const { networks, smoothing, batch, clean_BCHW, noise_MBCHW, settings, imagesPerUpdate } = inputs
    const { classifier } = networks
    const { noises, attack, trainedNoises } = settings
    const adversarial_BCHW = adversarialImages(
      {
        ...{ classifier, smoothing, clean_BCHW, noise_MBCHW, noises },
        ...{ labels_B: batch.labels_B, drawDirection: drawnFrom(given) },
      },
      attack,
    )
    const trained =
      trainedNoises === 'all'
        ? { noise_MBCHW, noises }
        : { noise_MBCHW: slice(noise_MBCHW, 'M', { start: 0, end: 1 }), noises: 1 }
    const seen_MBCHW = seenCopies(smoothing, adversarial_BCHW, trained)
    const logProbabilities_MBK = classifier.training(() =>
      logProbabilities(classifier, seen_MBCHW, trained.noises),
    )
    const loss = sum(mean(crossEntropy(logProbabilities_MBK, batch.labels_B), 'M'))
    const recognized = recognizedCount(logProbabilities_MBK, batch.labels_B)
    return { total: div(loss, imagesPerUpdate), sums: { crossEntropy: loss, recognized } }
  },
  sums: ['crossEntropy', 'recognized'],
  metrics: {
    crossEntropy: crossEntropyMetric('Cross-entropy with the label on noisy adversarial images.'),
    trainingAccuracy: {
      ...trainingAccuracyMetric('Accuracy on noisy adversarial training images, in training mode.'),
      of: ({ recognized }, { images, settings }) => recognized / (images * trainedCopies(settings)),
    },
    epsilon: {
      label: 'attack radius ε',
      caption: 'Attack radius ε, for pixels in [0, 1].',
      tag: 'attack/epsilon',
      isExact: true,
      of: (_sums, { settings }) => settings.attack.epsilon,
    },
  },
  passes: (settings, { hasDenoiser }) => {
    const { noises, attack } = settings
    const attacked = noises * attack.steps
    const isFree = attack.kind === 'pgd' && attack.direction === 'gradient-free'
    const all = attacked + trainedCopies(settings)
    return exactPasses({
      denoiser: hasDenoiser ? all : 0,
      forward: all,
      backward: isFree ? trainedCopies(settings) : all,
    })
  },
  footprint: ({ noises }) => ({ graphs: noises, attacked: 0, frozenCopies: 0 }),
}

function trainedCopies({ trainedNoises, noises }: SmoothAdvSettings): number {
  return trainedNoises === 'all' ? noises : 1
}

function adversarialImages(inputs: ShiftInputs, attack: SmoothAdvSettings['attack']): Tensor<'BCHW'> {
  return attack.kind === 'pgd'
    ? shiftAttack(inputs, smoothAdvPgd(attack, inputs.noises))
    : ddnAttack(inputs, { ...attack, startNorm: attack.epsilon })
}
