import type { Command } from 'commander'
import { addSmoothedOptions } from '../certification-options'
import type { SoftLabelsCommandOptions } from '../run-soft-labels'

export function addSoftLabelsCommand(program: Command): void {
  const command = program
    .command('soft-labels')
    .description(
      'count the classes that a smoothed classifier assigns to each training image: the file for CAT-RS training',
    )
    .argument('[folder]', 'a run (its newest checkpoint), a checkpoint, or a folder with smoothed.json')
    .requiredOption('--output <file>', 'file to write; an interrupted one is continued')
    .option('--augment', 'augment each image as in training, once, as in the released code')
  addSmoothedOptions(command).action(
    async (folder: string | undefined, options: SoftLabelsCommandOptions) => {
      const { runSoftLabels } = require('../run-soft-labels') as typeof import('../run-soft-labels')
      await runSoftLabels(folder, options)
    },
  )
}
