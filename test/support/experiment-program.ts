import { runExperimentCommand } from '../../src/cli/run-experiment'
import { objective, tinyScale } from './tiny-experiment'

/** What `ft-cadis experiment` does, for a tiny experiment: `experiment-program.ts <output> <test images> <workers>`. */
const [output = '', testImages, workers] = process.argv.slice(2)

void runExperimentCommand([objective], {
  ...{ scale: tinyScale(output), output, seeds: 1, device: 'cpu', threads: 1 },
  ...{ testImages: Number(testImages), workers: Number(workers) },
})
