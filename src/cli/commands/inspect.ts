import { type Command, Option } from 'commander'
import type { InspectOptions } from '../inspect/run'
import { parseImageSize, parseNumber } from '../option-values'

const above0 = parseNumber({ min: 1e-6 })

export function addInspectCommand(program: Command): void {
  program
    .command('inspect')
    .description(
      'say what images and weights are: classes, sizes, input range, head, adapters, σ; write a configuration of them',
    )
    .argument(
      '<paths...>',
      'folder of images, weights of a classifier, of a denoiser, of adapters; files or folders',
    )
    .option('--write <config.json>', 'write the configuration that images and weights make together')
    .option(
      '--sigma <number>',
      'noise level of the configuration, for pixels in [0, 1] (default: 0.25)',
      above0,
    )
    .addOption(
      new Option('--radius <number>', 'the radius wanted, in place of --sigma: σ is half of it')
        .argParser(above0)
        .conflicts('sigma'),
    )
    .addOption(
      new Option(
        '--tuning <kind>',
        'what is to be fine-tuned; of class folders alone a fifth is then held out (default: full, nothing is held out)',
      ).choices(['lora', 'full']),
    )
    .option(
      '--image-size <pixels>',
      'size of the images that the denoiser sees: a side, or height and width as 48x64 (default: what the weights were trained with)',
      parseImageSize,
    )
    .option('--architecture <name>', 'name of timm that a weight file is of, where the file does not say it')
    .option('--run-folder <folder>', 'folder of the run in the configuration (default: runs/own)')
    .option('--json', 'print JSON')
    .option('--python <path>', 'use this Python instead of PYTHON_BIN, an active conda environment or .venv')
    .action(async (paths: string[], options: InspectOptions) => {
      const { inspect } = require('../inspect/run') as typeof import('../inspect/run')
      await inspect(paths, options)
    })
}
