import { type DiffusionSettings, diffusionSchema } from '../../config/methods/diffusion'
import { noiseScheduleOf } from '../../smoothing/denoise'
import { leadingClass } from '../../smoothing/leading-class'
import { sigmaRange } from '../../smoothing/noise-level'
import { noisy, type Smoothing, seen, smoothingOf } from '../../smoothing/smoothing'
import {
  type Autocast,
  add,
  autocasting,
  Denoiser,
  div,
  eq,
  flatten,
  type Generator,
  generator,
  lookUp,
  meanOfEach,
  mul,
  noGrad,
  randint,
  select,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  to,
} from '../../torch'
import { ACCURACY_METRICS } from '../accuracy-metrics'
import type { MetricTable } from '../metrics'
import type { Evaluation, EvaluationInputs, Form, Objective, TrainedNetworks } from '../objective'
import { exactPasses } from '../passes'
import { squaredError } from './terms'

export interface DiffusionForm extends Form {
  readonly settings: DiffusionSettings
  readonly prepared: { readonly alphas_T: Tensor<'T'> }
  readonly asked: null
  readonly kept: null
  readonly decision: null
  readonly given: { readonly stream: Generator }
  readonly sums: 'noiseError'
  readonly made: null
}

/** The paper's noise levels, at which the error on test images is also measured. */
const SIGMAS = [0.25, 0.5, 1] as const

const errorAt = (sigma: number) => `errorAt${sigma}`

const ERRORS: MetricTable = {
  error: {
    label: 'squared error',
    caption:
      'Mean squared error of test images that were denoised in one step at the σ of the run, for pixels in [0, 1].',
    tag: 'test/squared_error',
    isExact: true,
  },
  ...Object.fromEntries(
    SIGMAS.map(sigma => [
      errorAt(sigma),
      {
        label: `squared error at σ ${sigma}`,
        caption: `The same at σ = ${sigma}; noise as it is has an error of ${sigma ** 2} and more.`,
        tag: `test/squared_error_at_${sigma}`,
        isExact: true,
      },
    ]),
  ),
}

/** Distance of test images from the clean ones, by σ, and their classes if there is a classifier. */
const evaluation: Evaluation = {
  look: inputs => {
    const atOwn = judged(inputs)
    const error = (sigma: number) => (sigma === inputs.smoothing.sigma ? atOwn.error : errorOf(inputs, sigma))
    return { ...atOwn, ...Object.fromEntries(SIGMAS.map(sigma => [errorAt(sigma), error(sigma)])) }
  },
  metrics: { ...ERRORS, ...ACCURACY_METRICS },
  best: { metric: 'error', is: 'smallest' },
}

/** At the σ of the run. */
function judged(inputs: EvaluationInputs) {
  const { networks, smoothing, labels_B, clean_BCHW } = inputs
  const { classifier } = networks
  const denoised_BCHW = denoisedOnce(inputs, smoothing)
  const error = sum(squaredError(denoised_BCHW, clean_BCHW))
  if (classifier.description.family === 'none') return { error, noisy: null, clean: null }
  return noGrad(classifier.session, () => {
    const correct = (images_BCHW: Tensor<'BCHW'>) => {
      const predicted_N = leadingClass(classifier.classify(flatten(images_BCHW, 'B', 'N')))
      return sum(to(eq(predicted_N, flatten(labels_B, 'B', 'N')), 'float32'))
    }
    return { error, noisy: correct(denoised_BCHW), clean: correct(clean_BCHW) }
  })
}

/** Returns the sum of squared errors at another σ; null if the schedule does not reach it. */
function errorOf(inputs: EvaluationInputs, sigma: number): Tensor<''> | null {
  const network = diffusionModel(inputs.networks)
  if (sigma > sigmaRange(noiseScheduleOf(network)).largest) return null
  const other = smoothingOf(network, sigma, inputs.smoothing)
  return sum(squaredError(denoisedOnce(inputs, other), inputs.clean_BCHW))
}

function denoisedOnce({ clean_BCHW, noise_MBCHW }: EvaluationInputs, smoothing: Smoothing): Tensor<'BCHW'> {
  const noisy_BCHW = noisy(smoothing, clean_BCHW, select(noise_MBCHW, 'M', 0))
  return flatten(seen(smoothing, flatten(noisy_BCHW, 'B', 'N')), 'N', 'B')
}

/**
 * Trains a diffusion model to predict noise by the mean squared error at random timesteps (Ho et al., 2020, Algorithm 1, equation 14), with
 * a moving average of its weights. For one-shot denoising it receives the timestep of σ.
 */
export const diffusion: Objective<DiffusionForm> = {
  kind: 'diffusion',
  settings: diffusionSchema,
  trains: 'denoiser',
  averageDecay: ({ averageDecay }) => averageDecay,
  copies: () => 1,
  prepare: async ({ session, networks }) => ({
    alphas_T: tensor(session, noiseScheduleOf(diffusionModel(networks)).alphasCumprod, { axes: 'T' }),
  }),
  given: (_, { networks, stream }) => ({
    stream: generator(networks.classifier.session, ...stream, 'timesteps'),
  }),
  loss: ({ networks, smoothing, prepared, clean_BCHW, noise_MBCHW, imagesPerUpdate }, { given }) => {
    const error = noiseError(diffusionModel(networks), {
      ...{ clean_NCHW: flatten(clean_BCHW, 'B', 'N'), noise_NCHW: flatten(noise_MBCHW, 'MB', 'N') },
      ...{ alphas_T: prepared.alphas_T, stream: given.stream, autocast: smoothing.autocast },
    })
    return { total: div(error, imagesPerUpdate), sums: { noiseError: error } }
  },
  sums: ['noiseError'],
  metrics: {
    noiseError: {
      label: 'noise error',
      caption:
        'Mean squared error of the predicted noise at random timesteps, on training images; 1 means that nothing is predicted.',
      tag: 'loss/noise_error',
      isHeadline: true,
    },
  },
  passes: () => exactPasses({ denoiser: 1, forward: 0, backward: 0 }),
  footprint: () => ({ graphs: 1, attacked: 0, frozenCopies: 0 }),
  evaluation,
}

/** Returns the sum over images of the mean squared error of the predicted noise, each at a random timestep. */
function noiseError(
  network: Denoiser,
  {
    clean_NCHW,
    noise_NCHW,
    alphas_T,
    stream,
    autocast,
  }: {
    readonly clean_NCHW: Tensor<'NCHW'>
    readonly noise_NCHW: Tensor<'NCHW'>
    readonly alphas_T: Tensor<'T'>
    readonly stream: Generator
    readonly autocast: Autocast
  },
): Tensor<''> {
  const { steps, rescaleTimesteps } = network.schedule
  const timestep_N = randint(clean_NCHW, 'N', { below: steps, generator: stream })
  const alpha_N = lookUp(alphas_T, timestep_N)
  const noisy_NCHW = add(mul(clean_NCHW, sqrt(alpha_N)), mul(noise_NCHW, sqrt(add(mul(alpha_N, -1), 1))))
  const timestep = rescaleTimesteps ? mul(to(timestep_N, 'float32'), 1000 / steps) : timestep_N
  const predicted_NCHW = autocasting(network.session, autocast, () =>
    network.predictNoise(noisy_NCHW, { timestep }),
  )
  return sum(meanOfEach(square(sub(predicted_NCHW, noise_NCHW)), 'N'))
}

function diffusionModel({ denoiser: network }: TrainedNetworks): Denoiser {
  if (network instanceof Denoiser) return network
  throw new TypeError('The objective trains a diffusion model, and was given none.')
}
