import { join } from 'node:path'
import { type Command, Option } from 'commander'
import type { ScaleName } from '../../experiments/scale'
import { parseNumber } from '../option-values'
import type { ExperimentCommandOptions } from '../run-experiment'

export function addExperimentCommand(program: Command): void {
  const command = addExperimentOptions(
    program
      .command('experiment')
      .description(
        "run the paper's tables and figures, and compare the results with the paper; without a name, list them",
      )
      .argument('[names...]', 'names of experiments, or all'),
  ).addOption(
    new Option('--scale <name>', 'data, networks and budget')
      .choices(['digits', 'mnist', 'cifar10', 'imagenet'] satisfies ScaleName[])
      .default('digits'),
  )
  addScaleOptions(command).action(
    async (names: string[], options: ExperimentCommandOptions & { readonly scale: ScaleName }) => {
      const { listExperiments, runExperimentCommand } =
        require('../run-experiment') as typeof import('../run-experiment')
      if (names.length === 0) return listExperiments()
      const { findExperiments } =
        require('../../experiments/paper') as typeof import('../../experiments/paper')
      const { isPlannedByName } = require('../run-experiment') as typeof import('../run-experiment')
      const { makeScale } = require('../../experiments/scales') as typeof import('../../experiments/scales')
      const output = options.output ?? join('runs', 'experiments', options.scale)
      const experiments = findExperiments(names)
      const data = options.data ?? (isPlannedByName(experiments, options) ? 'data' : undefined)
      const scale = makeScale(options.scale, { ...options, data, output })
      await runExperimentCommand(experiments, { ...options, scale, output })
    },
  )
}

/** Adds the options of every program that runs experiments; `seeds` is the default number. */
export function addExperimentOptions(command: Command, { seeds = 3 } = {}): Command {
  return command
    .option('--seeds <count>', 'number of seeds: 0, 1, …', parseNumber({ min: 1, integer: true }), seeds)
    .option(
      '--test-images <count>',
      'certify the first N test images; default: as in the scale',
      parseNumber({ min: 1, integer: true }),
    )
    .option(
      '--workers <count>',
      'processes that share the work; the same command may also run on other machines',
      parseNumber({ min: 1, integer: true }),
      1,
    )
    .addOption(
      new Option('--quick', 'one noise level; by default with one seed and 50 test images').implies({
        seeds: 1,
        testImages: 50,
      }),
    )
    .option(
      '--shorten <factor>',
      'divide the epochs of every training by a number, with its ramps and drops',
      parseNumber({ min: 1 }),
    )
    .option(
      '--n <count>',
      'noisy copies of an image in certification; default: as in the scale',
      parseNumber({ min: 1, integer: true }),
    )
    .option('--output <folder>', 'folder of runs and results; default: runs/experiments/<scale>')
    .option('--device <name>', 'torch device', 'auto')
    .option(
      '--threads <count>',
      'threads of torch on the CPU per process',
      parseNumber({ min: 1, integer: true }),
      1,
    )
    .option('--python <path>', 'Python interpreter to use')
    .option(
      '--plan',
      'print arms, steps and a time estimate from a measured step (for table1 only the names of the arms), and run nothing',
    )
}

/** Adds the options of scales that need weights and your own data. */
export function addScaleOptions(command: Command): Command {
  return command
    .option(
      '--denoiser <path>',
      'weights of the denoiser, for the scales cifar10 and imagenet; default: from fetch',
    )
    .option('--classifier <path>', "weights of the classifier; default: the paper's, from the hub")
    .option('--resnet110 <path>', 'checkpoint of the ResNet-110 of Table 17')
    .option('--data <path>', 'folder of the data, for the scales mnist, cifar10 and imagenet')
}
