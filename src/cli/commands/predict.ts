import { type Command, Option } from 'commander'
import { addSmoothedOptions } from '../certification-options'
import { addRouterOptions } from '../routed/options'
import type { PredictCommandOptions } from '../run-prediction'

export function addPredictCommand(program: Command): void {
  const command = program
    .command('predict')
    .description(
      'classify image files with a smoothed classifier: class or abstain, certified ℓ2 radius, p-value',
    )
    .argument(
      '<images...>',
      'image files, and folders with image files; first the folder of the classifier, if no option names one',
    )
    .option('--model <folder>', 'a run (its newest checkpoint), a checkpoint, or a folder with smoothed.json')
  addRouterOptions(addSmoothedOptions(command))
    .addOption(
      new Option('--json', 'print one JSON document (schema/prediction-document.json)').conflicts('csv'),
    )
    .option('--csv', 'print CSV')
    .action(async (images: string[], options: PredictCommandOptions) => {
      const { runPrediction } = require('../run-prediction') as typeof import('../run-prediction')
      await runPrediction(images, options)
    })
}
