/**
 * FT-CADIS on CIFAR-10 as in the paper (Table 9): full fine-tuning of a ViT-B/16 behind improved-diffusion's denoiser,
 * then CERTIFY on the test images. `--dry-run` looks first, `--synthetic` measures without weights or data.
 *
 *     npx ts-node examples/finetune-cifar10.ts --data cifar-10-batches-py --denoiser cifar10_uncond_50M_500K.pt
 *     npx ts-node examples/finetune-cifar10.ts --help
 */
import { join } from 'node:path'
import { type Cifar10PresetOptions, presets } from '../src'
import { parseNumber } from '../src/cli/option-values'
import { createProgram, runMain } from '../src/cli/program'
import { given } from '../src/files/given'
import { addCommonOptions, type CommonOptions, requireInputs } from './finetune/options'
import { run } from './finetune/run'

interface Options extends CommonOptions {
  readonly epsilon?: number
}

const RADII = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]

void runMain(async () => {
  const program = addCommonOptions(
    createProgram('finetune-cifar10', 'FT-CADIS on CIFAR-10 with the settings of the paper.'),
    { output: join('runs', 'finetune-cifar10') },
  )
    .option(
      '--epsilon <number>',
      'radius of the attack, for images in [-1, 1]',
      parseNumber({ min: Number.MIN_VALUE }),
    )
    .addHelpText(
      'after',
      '\nFor a sigma other than 0.25, 0.5 and 1 give --base-learning-rate, --lambda and --epsilon.',
    )
  program.action(async (options: Options) => {
    const { sigma, output, classifier, baseLearningRate, lambda, epsilon } = options
    const preset: Cifar10PresetOptions = {
      ...requireInputs(program, options),
      sigma,
      output,
      ...given({ classifier, baseLearningRate, lambda, epsilon }),
    }
    await run(presets.cifar10(preset), options, {
      label: `FT-CADIS, sigma ${sigma}`,
      radii: RADII,
      images: { imageSize: 32, classes: 10, trainImages: 50_000, testImages: 10_000 },
    })
  })
  await program.parseAsync()
})
