/**
 * Trains the diffusion denoiser of the digits demonstration on the 1,200 training images, by the preset of denoisers with
 * another network, and copies a moving average of its weights to assets/digits/denoiser, in diffusers' format. About two
 * minutes on two cores.
 *
 *     npx ts-node examples/digits/train-denoiser.ts
 */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, DIGITS_NETWORKS, finetune, parseConfig, presets, runProgram, setup } from 'ft-cadis'
import { DENOISER } from './networks'

const program = {
  name: 'train-denoiser',
  description: 'Train the denoiser of the digits demonstration.',
  options: {
    epochs: { type: 'number', description: 'epochs to train', min: 1, integer: true, default: 67 },
    seed: {
      type: 'number',
      description: 'seed of weights, order and noise',
      min: 0,
      integer: true,
      default: 0,
    },
    run: {
      type: 'string',
      value: 'folder',
      description: 'folder of the run',
      default: join('runs', 'digits-denoiser'),
    },
    output: {
      type: 'string',
      value: 'folder',
      description: 'where the network is written',
      default: DIGITS_NETWORKS.denoiser,
    },
    python: { type: 'string', value: 'path', description: 'Python interpreter to use' },
  },
  stopping: 'the update is finished, then a checkpoint written',
} as const

void runProgram(program, async ({ epochs, seed, run, output, python }, { signal }) => {
  await setup({ python, onLine: line => console.error(line) })
  await using session = await connect({ python, threads: 1 })
  const preset = presets.denoiser.diffusion({
    ...{ sigma: 0.75, data: 'digits', classifier: DIGITS_NETWORKS.classifier, output: run },
  })
  const config = parseConfig({
    ...preset,
    smoothing: { sigma: 0.75, denoiser: DENOISER },
    data: { source: 'digits' },
    optimisation: {
      ...preset.optimisation,
      ...{
        epochs,
        warmupEpochs: 0,
        imagesPerUpdate: 64,
        learningRate: 2e-3,
        minLearningRate: 0,
        clip: 'none',
      },
    },
    seed,
  })
  const { checkpoint } = await finetune(session, config, { signal })
  await cp(join(checkpoint, 'denoiser'), output, { recursive: true })
  console.log(`written: ${output}`)
})
