import { type CalibrationSettings, calibrationSchema } from '../../config/methods/calibration'
import { seenCopies } from '../../smoothing/smoothing'
import { add, div, flatten, ImageDenoiser, mul, sum, unflatten } from '../../torch'
import type { Objective, SimpleForm } from '../objective'
import { exactPasses } from '../passes'
import { calibrationTerms } from './calibration-terms'
import { evaluation } from './denoiser'

export type CalibrationForm = SimpleForm<CalibrationSettings, 'brier' | 'antiConsistency' | 'lone'>

/** Noisy copies of each image: the loss compares two. */
const COPIES = 2

/**
 * Calibrates a denoiser, one of images or a diffusion model in one shot, for multi-scale smoothing (Jeong and Shin, 2023). The loss is the
 * Brier score of the classifier behind it, plus anti-consistency, which penalises a wrong class that only one copy is sure of.
 * Experimental: no code of it was released, and its form, weight and optimizer are from memory.
 */
export const calibration: Objective<CalibrationForm> = {
  kind: 'calibration',
  settings: calibrationSchema,
  trains: 'denoiser',
  // For a diffusion model: the current weights are evaluated and exported, in evaluation mode.
  averageDecay: () => 0,
  copies: () => COPIES,
  loss: ({ networks, smoothing, batch, clean_BCHW, noise_MBCHW, settings, imagesPerUpdate }) => {
    const copies = { noise_MBCHW, noises: COPIES, live: true }
    const denoise = () => seenCopies(smoothing, clean_BCHW, copies)
    const { denoiser } = networks
    // A trained diffusion model is always in training mode.
    const seen_MBCHW = denoiser instanceof ImageDenoiser ? denoiser.training(denoise) : denoise()
    const logits_NK = networks.classifier.classify(flatten(seen_MBCHW, 'MB', 'N'))
    const logits_MBK = unflatten(logits_NK, 'N', { as: 'MB', count: COPIES })
    const { brier_B, antiConsistency_B, isLone_B } = calibrationTerms(logits_MBK, batch.labels_B)
    const [brier, antiConsistency] = [sum(brier_B), sum(antiConsistency_B)]
    return {
      total: div(add(brier, mul(antiConsistency, settings.lambda)), imagesPerUpdate),
      sums: { brier, antiConsistency, lone: sum(isLone_B) },
    }
  },
  sums: ['brier', 'antiConsistency', 'lone'],
  metrics: {
    brier: {
      label: 'Brier',
      caption: 'Brier score of the classifier on denoised training images, the mean over two copies.',
      tag: 'loss/brier',
      isHeadline: true,
    },
    antiConsistency: {
      label: 'AC',
      caption: 'Anti-consistency of two denoised copies of a training image, before λ.',
      tag: 'loss/anti_consistency',
      isHeadline: true,
    },
    loneShare: {
      label: 'lone classes',
      caption: 'Share of training images whose first copy gets a wrong class that the second does not.',
      tag: 'train/lone_share',
      unit: 'share',
      of: ({ lone }, { images }) => lone / images,
    },
  },
  passes: () => exactPasses({ denoiser: COPIES, forward: COPIES, backward: COPIES }),
  footprint: () => ({ graphs: COPIES, attacked: 0, frozenCopies: 0 }),
  evaluation,
}
