import { type ScoreSettings, scoreSchema } from '../../config/methods/score'
import {
  add,
  div,
  type Generator,
  generator,
  lookUp,
  meanOfEach,
  mul,
  randint,
  select,
  sum,
  type Tensor,
  tensor,
} from '../../torch'
import type { Form, Objective } from '../objective'
import { exactPasses } from '../passes'
import { cleaned, evaluation, trainedDenoiser } from './denoiser'
import { scoreErrors, scoreOf } from './score-terms'

export interface ScoreForm extends Form {
  readonly settings: ScoreSettings
  /** The noise levels, for pixels in [-1, 1]. */
  readonly prepared: { readonly sigmas_T: Tensor<'T'>; readonly levels: number }
  readonly asked: null
  readonly kept: null
  readonly decision: null
  readonly given: { readonly stream: Generator }
  readonly sums: 'scoreError'
  readonly made: null
}

/**
 * Denoising score matching (Vincent, 2011) for score-based denoising (Lee, 2021): the mean of (σ s(x + σ ε) + ε)²; the denoised image is D
 * = y + σ² s. One network serves all noise levels without receiving σ. No code of Lee was public; that the published networks receive σ is
 * from memory.
 */
export const score: Objective<ScoreForm> = {
  kind: 'score',
  settings: scoreSchema,
  trains: 'denoiser',
  copies: () => 1,
  prepare: async ({ session, settings, smoothing }) => {
    const { sigmas = [smoothing.sigma] } = settings
    // Twice those of pixels in [0, 1].
    const doubled = sigmas.map(sigma => 2 * sigma)
    return { sigmas_T: tensor(session, doubled, { axes: 'T' }), levels: sigmas.length }
  },
  given: (_, { networks, stream }) => ({
    stream: generator(networks.classifier.session, ...stream, 'sigmas'),
  }),
  loss: ({ networks, smoothing, prepared, clean_BCHW, noise_MBCHW, imagesPerUpdate }, { given }) => {
    const network = trainedDenoiser(networks)
    const level_B = randint(clean_BCHW, 'B', { below: prepared.levels, generator: given.stream })
    const sigma_B = lookUp(prepared.sigmas_T, level_B)
    const noise_BCHW = select(noise_MBCHW, 'M', 0)
    const noisy_BCHW = add(mul(noise_BCHW, sigma_B), clean_BCHW)
    const denoised_BCHW = network.training(() => cleaned(network, noisy_BCHW, smoothing))
    const score_BCHW = scoreOf(noisy_BCHW, { denoised: denoised_BCHW, sigma: sigma_B })
    const errors_BCHW = scoreErrors(score_BCHW, { noise: noise_BCHW, sigma: sigma_B })
    const scoreError = sum(meanOfEach(errors_BCHW, 'B'))
    return { total: div(scoreError, imagesPerUpdate), sums: { scoreError } }
  },
  sums: ['scoreError'],
  metrics: {
    scoreError: {
      label: 'DSM',
      caption: 'Mean of (σ s + ε)² over the pixels of noisy training images; 1 for a score of 0.',
      tag: 'loss/score_error',
      isHeadline: true,
    },
  },
  passes: () => exactPasses({ denoiser: 1, forward: 0, backward: 0 }),
  footprint: () => ({ graphs: 1, attacked: 0, frozenCopies: 0 }),
  evaluation,
}
