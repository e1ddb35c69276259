import type { Command } from 'commander'
import { print } from '../../terminal/print'

export function addInitCommand(program: Command): void {
  program
    .command('init')
    .description('write a typed experiment and its configuration into a folder, as a starting point')
    .argument('[folder]', 'created if missing; existing files are not overwritten', '.')
    .action(async (folder: string) => {
      const { writeExperiment } =
        require('../init/write-experiment') as typeof import('../init/write-experiment')
      print(await writeExperiment(folder))
    })
}
