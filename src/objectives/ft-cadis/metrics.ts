import type { Metric } from '../objective'
import { withEpsilon } from './epsilon'
import type { FtCadisForm } from './ft-cadis'

/** Metrics of an FT-CADIS update. */
export const ftCadisMetrics: Readonly<Record<string, Metric<FtCadisForm>>> = {
  selectiveCrossEntropy: {
    label: 'SCE',
    caption: 'Selective cross-entropy (Eq. 8; Eq. 6 where all images count). Figure 14.',
    tag: 'loss/selective_cross_entropy',
    isHeadline: true,
  },
  adversarial: {
    label: 'MAdv',
    caption: 'Masked adversarial loss (Eq. 9), before λ. Figure 14.',
    tag: 'loss/masked_adversarial',
    isHeadline: true,
  },
  denoisedAccuracy: {
    label: 'training accuracy',
    caption: 'Accuracy on denoised training images, in training mode. Figure 14.',
    tag: 'denoised/accuracy',
    unit: 'share',
    of: ({ recognized }, { copies }) => recognized / copies,
  },
  allKeptShare: {
    label: '|D_nh| = M',
    caption: 'Share of images whose M denoised images are all kept. Figure 11.',
    tag: 'denoised/all_kept_share',
    unit: 'share',
    isHeadline: true,
    of: ({ allKept }, { images }) => allKept / images,
  },
  keptShare: {
    label: 'kept',
    caption: 'Share of denoised images that are kept: not hallucinated.',
    tag: 'denoised/kept_share',
    unit: 'share',
    isHeadline: true,
    of: ({ kept }, { copies }) => kept / copies,
  },
  attackSuccess: {
    label: 'attack success',
    caption: 'Share of adversarial images that no longer get their label.',
    tag: 'attack/success',
    unit: 'share',
    of: ({ fooled, attacked }, { settings }) =>
      attacked === 0 ? null : fooled / (settings.noises * attacked),
  },
  attackedShare: {
    label: 'attacked',
    caption: 'Share of images whose adversarial loss counts.',
    tag: 'attack/attacked_share',
    unit: 'share',
    of: ({ attacked }, { images }) => attacked / images,
  },
  epsilon: {
    label: 'attack radius ε',
    caption: 'Attack radius ε, for pixels in [-1, 1].',
    tag: 'attack/epsilon',
    isExact: true,
    of: (_sums, { settings }) => withEpsilon(settings).attack.epsilon,
  },
}
