import { type Command, Option } from 'commander'
import { TRAINING_PRESET_NAMES } from '../../config/preset/summaries'
import { TABLE1_SCALES } from '../../config/table1/entry'
import { collectValues } from '../sweep/grid'
import type { SweepOptions } from '../sweep/options'
import { addCertifyOptions, addPresetOptions, addTrainOptions } from '../train/options'

export function addSweepCommand(program: Command): void {
  const command = program
    .command('sweep')
    .description('train a run for each combination of settings, and compare them')
    .addOption(new Option('--preset <name>', 'preset, as for train').choices(TRAINING_PRESET_NAMES))
    .addOption(new Option('--scale <name>', 'data set of a preset table1.<method>').choices(TABLE1_SCALES))
    .option('--config <file.json>', 'settings of a run; with --preset, they override it')
    .option('--plan', 'list the runs and their results; train nothing')
  addPresetOptions(
    addTrainOptions(
      command,
      new Option(
        '--set <path=values>',
        'a field and its values, separated by commas, such as method.lambda=1,2,4; repeatable: every combination is a run',
      ).argParser(collectValues),
    ),
  )
  addCertifyOptions(command).option('--certify', 'certify each run')
  // Options of a single training are hidden, and refused with a reason.
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
