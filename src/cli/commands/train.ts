import { type Command, type Help, Option } from 'commander'
import { PRESET_SUMMARIES, TRAINING_PRESET_NAMES } from '../../config/preset/summaries'
import { TABLE1_SCALES } from '../../config/table1/entry'
import { TABLE1_PRESETS } from '../../config/table1/summaries'
import { addCertifyOptions, addPresetOptions, addTrainOptions, type TrainOptions } from '../train/options'

export function addTrainCommand(program: Command): void {
  const command = program
    .command('train')
    .description('train a classifier from a preset, a file of settings, or both, and optionally certify it')
    .addOption(new Option('--preset <name>', 'preset, see below').choices(TRAINING_PRESET_NAMES))
    .addOption(new Option('--scale <name>', 'data set of a preset table1.<method>').choices(TABLE1_SCALES))
    .option('--config <file.json>', 'settings of a run; with --preset, they override it')
  addPresetOptions(addTrainOptions(command))
  addCertifyOptions(command)
    .option('--certify', 'certify the result')
    .addHelpText('after', () => `\n${presetsText(command.createHelp())}`)
    .action(async (options: TrainOptions) => {
      const { train } = require('../train/run') as typeof import('../train/run')
      await train(options)
    })
}

/** Formats the presets in two columns, as wide as the rest of the help. */
function presetsText(help: Help): string {
  const width = Math.max(
    ...[...Object.values(PRESET_SUMMARIES), ...TABLE1_PRESETS].map(({ name }) => name.length),
  )
  const line = (name: string, summary: string) => help.formatItem(name, width, summary, help)
  return [
    'Presets:',
    ...Object.values(PRESET_SUMMARIES).map(({ name, summary }) => line(name, summary)),
    '',
    'Presets from scratch on noisy images, as published, with --scale and --data.',
    'What was not released is asked for by name (docs/training-methods.md):',
    ...TABLE1_PRESETS.map(({ name, summary, scales }) => line(name, `${summary}; ${scales.join(', ')}`)),
    '',
    'Options win over --set, --set over --config, and that over the preset.',
  ].join('\n')
}
