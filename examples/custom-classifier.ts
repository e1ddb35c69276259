/**
 * FT-CADIS with a custom network: a Python file, and the function in it that returns a torch.nn.Module. Trained
 * weights are given as `path`; here there are none, so that the network learns the digits behind the denoiser from nothing.
 *
 *     npx ts-node examples/custom-classifier.ts --help
 */
import { join } from 'node:path'
import { connect, finetune, presets, setup } from '../src'
import { parseNumber } from '../src/cli/option-values'
import { createProgram, runMain } from '../src/cli/program'

interface Options {
  readonly epochs: number
  readonly output: string
  readonly device: string
  readonly python?: string
}

async function train({ epochs, output, device, python }: Options): Promise<void> {
  await setup({ python, onLine: line => console.error(line) })
  await using session = await connect({ python, device })
  const preset = presets.digits({
    sigma: 0.25,
    output,
  })
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
    {
      existing: 'replace',
      progress: true,
    },
  )
  console.log(`checkpoint: ${checkpoint}`)
}

void runMain(async () => {
  const program = createProgram('custom-classifier', 'FT-CADIS with a network of your own.')
    .option('--epochs <count>', 'epochs to train', parseNumber({ min: 1, integer: true }), 4)
    .option('--output <folder>', 'folder of the run', join('runs', 'custom-classifier'))
    .option('--device <name>', 'torch device', 'auto')
    .option('--python <path>', 'Python interpreter to use')
  program.action(async (options: Options) => train(options))
  await program.parseAsync()
})
