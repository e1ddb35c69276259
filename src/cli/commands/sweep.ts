import { type Command, Option } from 'commander'
import { TRAINING_PRESET_NAMES } from '../../config/preset/summaries'
import { TABLE1_SCALES } from '../../config/table1/entry'
import { collectValues } from '../sweep/grid'
import type { SweepOptions } from '../sweep/options'
import { addCertifyOptions, addPresetOptions, addTrainOptions } from '../train/options'

export function addSweepCommand(program: Command): void {
  const command = program
    .command('sweep')
    .description('train a run for each combination of the values of some settings, and compare them')
    .addOption(new Option('--preset <name>', 'settings by name, as of train').choices(TRAINING_PRESET_NAMES))
    .addOption(new Option('--scale <name>', 'data set of a preset table1.<method>').choices(TABLE1_SCALES))
    .option('--config <file.json>', 'settings of a run; with --preset, what differs from it')
    .option('--plan', 'list the runs and what they have come to; train nothing')
  addPresetOptions(
    addTrainOptions(
      command,
      new Option(
        '--set <path=values>',
        'a field and its values with commas between, such as method.lambda=1,2,4; repeatable: every combination is a run',
      ).argParser(collectValues),
    ),
  )
  addCertifyOptions(command).option('--certify', 'certify each run')
  // What a single training takes is refused with a reason, and not offered.
  for (const option of command.options) {
    const { long = '' } = option
    if (['--members', '--dry-run', '--synthetic', '--resume', '--json'].includes(long)) option.hideHelp()
    if (long === '--output')
      option.description = 'folder that the run folders are made in (default: runs/sweep)'
    if (long === '--replace') option.description = 'begin all runs again, instead of continuing them'
  }
  command.action(async (options: SweepOptions) => {
    const { sweep } = require('../sweep/run') as typeof import('../sweep/run')
    await sweep(options)
  })
}
