import { type Command, Option } from 'commander'
import type { InspectOptions } from '../inspect/run'
import { parseImageSize, parseNumber } from '../option-values'

const above0 = parseNumber({ min: 1e-6 })

export function addInspectCommand(program: Command): void {
  program
    .command('inspect')
    .description(
      'describe images and weights (classes, sizes, input range, head, adapters, σ) and runs; write a configuration',
    )
    .argument(
      '<paths...>',
      'files or folders: images, and weights of a classifier, a denoiser or adapters; or runs',
    )
    .option('--write <config.json>', 'write the configuration of these images and weights')
    .option(
      '--sigma <number>',
      'noise level of the configuration, for pixels in [0, 1] (default: 0.25)',
      above0,
    )
    .addOption(
      new Option('--radius <number>', 'target radius, instead of --sigma: σ is half of it')
        .argParser(above0)
        .conflicts('sigma'),
    )
    .addOption(
      new Option(
        '--tuning <kind>',
        'weights to fine-tune; a fifth of a folder with only class folders is then held out (default: full, nothing is held out)',
      ).choices(['lora', 'full']),
    )
    .option(
      '--image-size <pixels>',
      'size of the images that the denoiser sees: a side, or height and width as 48x64 (default: the training size of the weights)',
      parseImageSize,
    )
    .option(
      '--architecture <name>',
      'timm name of a weight file’s architecture, if the file does not record it',
    )
    .option('--run-folder <folder>', 'folder of the run in the configuration (default: runs/own)')
    .addOption(
      new Option('--test-files', 'print the files of the test images of a run, one a line').conflicts([
        'write',
        'json',
      ]),
    )
    .option('--json', 'print JSON')
    .option('--python <path>', 'Python to use instead of PYTHON_BIN, an active conda environment or .venv')
    .action(async (paths: string[], options: InspectOptions) => {
      const { inspect } = require('../inspect/run') as typeof import('../inspect/run')
      await inspect(paths, options)
    })
}
