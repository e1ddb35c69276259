import { type Command, Option } from 'commander'
import { addSmoothedOptions } from '../certification-options'
import { addRouterOptions } from '../routed/options'
import type { PredictCommandOptions } from '../run-prediction'

export function addPredictCommand(program: Command): void {
  const command = program
    .command('predict')
    .description(
      'classify image files by a smoothed classifier: class or abstain, certified ℓ2 radius, p-value',
    )
    .argument(
      '<images...>',
      'image files, and folders of them; before them the folder of the classifier, if no option names one',
    )
    .option(
      '--model <folder>',
      'of a run (its newest checkpoint is taken), of a checkpoint, or with smoothed.json',
    )
  addRouterOptions(addSmoothedOptions(command))
    .addOption(
      new Option('--json', 'print one JSON document, of schema/prediction-document.json').conflicts('csv'),
    )
    .option('--csv', 'print CSV')
    .action(async (images: string[], options: PredictCommandOptions) => {
      const { runPrediction } = require('../run-prediction') as typeof import('../run-prediction')
      await runPrediction(images, options)
    })
}
