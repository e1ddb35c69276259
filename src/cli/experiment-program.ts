import { join } from 'node:path'
import type { Experiment } from '../experiments/definition'
import type { ScaleName } from '../experiments/scale'
import { makeScale } from '../experiments/scales'
import { addExperimentOptions, addScaleOptions } from './commands/experiment'
import { createProgram, runMain } from './program'
import { type ExperimentCommandOptions, runExperimentCommand } from './run-experiment'

export interface ExperimentProgram {
  /** Name of the program in its help. */
  readonly name: string
  readonly experiments: readonly Experiment[]
  /** Data, networks and budget. Default `digits`. */
  readonly scale?: ScaleName
  /** Default number of seeds. Default 3. */
  readonly seeds?: number
}

/**
 * Runs a program for your own experiments, like `ft-cadis experiment`: with its options, workers, tables and pages. Reads
 * the command line, prints errors, sets the exit code.
 *
 * @example
 * void experimentProgram({ name: 'my-experiment', experiments: [findExperiments(['objective'])[0]] })
 */
export async function experimentProgram({
  name,
  experiments,
  scale: scaleName = 'digits',
  seeds = 3,
}: ExperimentProgram): Promise<void> {
  await runMain(async () => {
    const program = addExperimentOptions(
      createProgram(name, experiments.map(({ title }) => title).join('; ')),
      { seeds },
    )
    if (scaleName !== 'digits') addScaleOptions(program)
    program.action(async (options: ExperimentCommandOptions) => {
      const output = options.output ?? join('runs', 'experiments', scaleName)
      const scale = makeScale(scaleName, { ...options, output })
      await runExperimentCommand(experiments, { ...options, scale, output })
    })
    await program.parseAsync()
  })
}
