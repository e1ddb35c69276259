/**
 * FT-CADIS on ImageNet as in the paper (Table 10): LoRA on a CLIP ViT-B/16, or every weight of it, behind
 * guided-diffusion's denoiser, then CERTIFY on one test image of each class. `--dry-run` looks first, `--synthetic`
 * measures without weights or data.
 *
 *     npx ts-node examples/finetune-imagenet.ts --data imagenet --denoiser 256x256_diffusion_uncond.pt
 *     npx ts-node examples/finetune-imagenet.ts --help
 */
import { join } from 'node:path'
import { InvalidArgumentError, Option } from 'commander'
import { type ImagenetOpenValues, type ImagenetPresetOptions, presets } from '../src'
import { parseNumber } from '../src/cli/option-values'
import { createProgram, runMain } from '../src/cli/program'
import { given } from '../src/files/given'
import { addCommonOptions, type CommonOptions, requireInputs } from './finetune/options'
import { run } from './finetune/run'

interface Options extends CommonOptions {
  readonly tuning: 'lora' | 'full'
  readonly weightDecay?: ImagenetOpenValues['weightDecay']
  readonly layerDecay?: number
}

const RADII = [0, 0.5, 1, 1.5, 2, 2.5, 3]

void runMain(async () => {
  const program = addCommonOptions(
    createProgram('finetune-imagenet', 'FT-CADIS on ImageNet with the settings of the paper.'),
    { output: join('runs', 'finetune-imagenet') },
  )
    .addOption(
      new Option('--tuning <kind>', 'lora: adapters of rank 4 and the head; full: every weight')
        .choices(['lora', 'full'])
        .default('lora'),
    )
    .option('--weight-decay <start,end>', 'weight decay of the first and of the last update', parseRange)
    .option(
      '--layer-decay <number>',
      'learning rate of a layer over that of the next',
      parseNumber({ min: 0, max: 1 }),
    )
    .addHelpText(
      'after',
      '\nFor a sigma other than 0.25, 0.5 and 1 give --base-learning-rate, --weight-decay, --layer-decay and --lambda.',
    )
  program.action(async (options: Options) => {
    const { sigma, tuning, output, classifier, baseLearningRate, weightDecay, layerDecay, lambda } = options
    const preset: ImagenetPresetOptions = {
      ...requireInputs(program, options),
      sigma,
      tuning,
      output,
      ...given({ classifier, baseLearningRate, weightDecay, layerDecay, lambda }),
    }
    await run(presets.imagenet(preset), options, {
      label: `FT-CADIS (${tuning}), sigma ${sigma}`,
      radii: RADII,
      images: { imageSize: 224, classes: 1000, trainImages: 1_281_167, testImages: 50_000 },
    })
  })
  await program.parseAsync()
})

function parseRange(text: string): ImagenetOpenValues['weightDecay'] {
  const [start, end, ...others] = text.split(',').map(Number)
  if (start === undefined || end === undefined || others.length > 0 || !(start >= 0) || !(end >= 0)) {
    throw new InvalidArgumentError('Expected two numbers, such as 0.02,0.2.')
  }
  return { start, end }
}
