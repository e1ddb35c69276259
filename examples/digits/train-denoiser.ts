/**
 * Trains the diffusion denoiser of the digits demonstration on the 1,200 training images (noise prediction, DDPM) and
 * writes a moving average of its weights to assets/digits/denoiser, in diffusers' format. About two minutes on two cores.
 *
 *     npx ts-node examples/digits/train-denoiser.ts
 */
import {
  connect,
  DIGITS_NETWORKS,
  noiseScheduleOf,
  progressBar,
  runProgram,
  type Session,
  setup,
  torch,
  toSymmetric,
} from 'ft-cadis'
import { DENOISER } from './networks'

const ITERATIONS = 1_200
const BATCH = 64
const PEAK_LEARNING_RATE = 2e-3
const AVERAGE_DECAY = 0.995

/** Mean squared error of the predicted noise, at one random timestep for each image. */
function noiseError(
  denoiser: torch.Denoiser,
  images_BCHW: torch.Tensor<'BCHW'>,
  { alphas, stream }: { alphas: torch.Tensor<'T'>; stream: torch.Generator },
): torch.Tensor<''> {
  const clean_NCHW = torch.flatten(toSymmetric(images_BCHW), 'B', 'N')
  const timestep_N = torch.randint(clean_NCHW, 'N', {
    below: DENOISER.scheduler.num_train_timesteps,
    generator: stream,
  })
  const alpha_N = torch.lookUp(alphas, timestep_N)
  const noise_NCHW = torch.randnLike(clean_NCHW, stream)
  const noisy_NCHW = torch.add(
    torch.mul(clean_NCHW, torch.sqrt(alpha_N)),
    torch.mul(noise_NCHW, torch.sqrt(torch.add(torch.mul(alpha_N, -1), 1))),
  )
  const predicted_NCHW = denoiser.predictNoise(noisy_NCHW, { timestep: timestep_N })
  return torch.mean(torch.square(torch.sub(predicted_NCHW, noise_NCHW)))
}

async function train(session: Session, { seed, folder }: { seed: number; folder: string }): Promise<void> {
  const dataset = await torch.openDataset(session, { source: 'digits', split: 'train' })
  const options = { batchSize: BATCH, seed, shuffle: true, dropLast: true, workers: 0 }
  const loader = await torch.makeLoader(dataset, options)
  torch.manualSeed(session, seed, 'denoiser')
  const denoiser = await torch.loadDenoiser(session, DENOISER)
  denoiser.makeTrainable()
  const optimizer = torch.adamW(denoiser, [
    { parameters: 'all', learningRate: PEAK_LEARNING_RATE, weightDecay: 0.01 },
  ])
  const average = torch.movingAverage(denoiser, { decay: AVERAGE_DECAY })
  const alphas = torch.tensor(session, noiseScheduleOf(denoiser).alphasCumprod, { axes: 'T' })

  const bar = progressBar('training the denoiser', { total: ITERATIONS })
  for (let iteration = 0; iteration < ITERATIONS; iteration += 1) {
    if (iteration % loader.batchesPerEpoch === 0) loader.start(iteration / loader.batchesPerEpoch)
    const learningRate = PEAK_LEARNING_RATE * 0.5 * (1 + Math.cos((Math.PI * iteration) / ITERATIONS))
    optimizer.setHyperparameters({ learningRates: [learningRate], weightDecays: [0.01] })
    const error = await session.compute(() => {
      const stream = torch.generator(session, seed, 'denoiser', iteration)
      const error = noiseError(denoiser, loader.nextBatch().images_BCHW, { alphas, stream })
      torch.backward(error)
      optimizer.step()
      optimizer.zeroGradients()
      average.update()
      return error
    })
    bar.update(iteration + 1, `error ${error.toFixed(4)}`)
  }
  bar.stop()

  const averaged = average.network()
  for (const split of ['train', 'test']) {
    const data = await torch.openDataset(session, { source: 'digits', split })
    const indices = Array.from({ length: data.description.length }, (_, index) => index)
    const errors: number[] = []
    for (let draw = 0; draw < 20; draw += 1) {
      errors.push(
        await session.compute(() => {
          const stream = torch.generator(session, seed, 'evaluation', split, draw)
          const { images_BCHW } = data.images(indices)
          return torch.noGrad(session, () => noiseError(averaged, images_BCHW, { alphas, stream }))
        }),
      )
    }
    const mean = errors.reduce((total, error) => total + error, 0) / errors.length
    console.log(`${split} images: mean squared error of the noise ${mean.toFixed(4)}`)
  }
  await averaged.save(folder)
  console.log(`written: ${folder}`)
}

const program = {
  name: 'train-denoiser',
  description: 'Train the denoiser of the digits demonstration.',
  options: {
    seed: {
      type: 'number',
      description: 'seed of weights, order and noise',
      min: 0,
      integer: true,
      default: 0,
    },
    output: {
      type: 'string',
      value: 'folder',
      description: 'where the network is written',
      default: DIGITS_NETWORKS.denoiser,
    },
    python: { type: 'string', value: 'path', description: 'Python interpreter to use' },
  },
} as const

void runProgram(program, async ({ seed, output, python }) => {
  await setup({ python, onLine: line => console.error(line) })
  await using session = await connect({ python, threads: 1 })
  await train(session, { seed, folder: output })
})
