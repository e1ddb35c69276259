/**
 * FT-CADIS with a custom network: a Python file, and the function in it that returns a torch.nn.Module. Trained
 * weights are given as `path`; here there are none, so that the network learns the digits behind the denoiser from nothing.
 *
 *     npx ts-node examples/custom-classifier.ts --help
 */
import { join } from 'node:path'
import { connect, finetune, presets, runProgram, setup } from 'ft-cadis'

const program = {
  name: 'custom-classifier',
  description: 'FT-CADIS with your own network.',
  options: {
    epochs: { type: 'number', description: 'epochs to train', min: 1, integer: true, default: 4 },
    output: {
      type: 'string',
      value: 'folder',
      description: 'folder of the run',
      default: join('runs', 'custom-classifier'),
    },
    device: { type: 'string', value: 'name', description: 'torch device', default: 'auto' },
    python: { type: 'string', value: 'path', description: 'Python interpreter to use' },
  },
  stopping: 'the update is finished, then a checkpoint written',
} as const

void runProgram(program, async ({ epochs, output, device, python }, { signal }) => {
  await setup({ python, onLine: line => console.error(line) })
  await using session = await connect({ python, device })
  const preset = presets.digits({ sigma: 0.25, output })
  const { checkpoint } = await finetune(
    session,
    {
      ...preset,
      classifier: {
        source: 'python',
        file: join(__dirname, 'custom-classifier', 'network.py'),
        factory: 'convolutional',
        arguments: { width: 32 },
      },
      optimisation: { ...preset.optimisation, epochs, warmupEpochs: 0, learningRate: 4e-3 },
    },
    { existing: 'replace', progress: true, signal },
  )
  console.log(`checkpoint: ${checkpoint}`)
})
