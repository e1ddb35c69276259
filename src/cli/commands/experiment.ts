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
        "run tables and figures of the paper, and show them beside the paper's own; without a name list them",
      )
      .argument('[names...]', 'experiments, or all'),
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

/** What every program that runs experiments takes; `seeds` where it is not said how many. */
export function addExperimentOptions(command: Command, { seeds = 3 } = {}): Command {
  return command
    .option('--seeds <count>', 'how many seeds: 0, 1, …', parseNumber({ min: 1, integer: true }), seeds)
    .option(
      '--test-images <count>',
      "certify the first N test images; default: the scale's",
      parseNumber({ min: 1, integer: true }),
    )
    .option(
      '--workers <count>',
      'processes that share the work; the same command may be started elsewhere, too',
      parseNumber({ min: 1, integer: true }),
      1,
    )
    .addOption(
      new Option(
        '--quick',
        'one noise level; where the command line does not say it, one seed and 50 test images',
      ).implies({ seeds: 1, testImages: 50 }),
    )
    .option('--output <folder>', 'where runs and results go; default: runs/experiments/<scale>')
    .option('--device <name>', 'torch device', 'auto')
    .option(
      '--threads <count>',
      'threads of torch on the CPU in each process',
      parseNumber({ min: 1, integer: true }),
      1,
    )
    .option('--python <path>', 'Python interpreter to use')
    .option(
      '--plan',
      'print arms, steps and an estimate of the time from a measured step, of table1 the arms by name alone, and run nothing',
    )
}

/** What the scales take that need weights and your own data. */
export function addScaleOptions(command: Command): Command {
  return command
    .option(
      '--denoiser <path>',
      'weights of the denoiser, for the scales cifar10 and imagenet; default: what fetch has brought',
    )
    .option('--classifier <path>', "weights of the classifier; default: the paper's, from the hub")
    .option('--resnet110 <path>', 'checkpoint of the ResNet-110 of Table 17')
    .option('--data <path>', 'folder of the data, for the scales mnist, cifar10 and imagenet')
}
