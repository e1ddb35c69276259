import type { Experiment } from './definition'
import { readOutcome } from './outcome'
import { type RunTasksOptions, runTasks } from './run-tasks'
import { type TaskOptions, tasksOf } from './tasks'
import { type ExperimentResult, writeResults } from './write-results'

export interface RunExperimentsOptions extends TaskOptions, Omit<RunTasksOptions, 'scale'> {}

/**
 * Runs experiments and writes the results of each to `<output>/<name>/`. Arms with the same configuration are trained and certified once
 * for all of them, also across calls and processes; completed work is never repeated.
 *
 * @throws ConfigError for experiments that do not fit the scale; InterruptedError if `signal` is aborted, after which the same call
 *   continues
 */
export async function runExperiments(
  experiments: readonly Experiment[],
  options: RunExperimentsOptions,
): Promise<ExperimentResult[]> {
  await runTasks(tasksOf(experiments, options), options)
  const results: ExperimentResult[] = []
  for (const experiment of experiments) {
    results.push(await writeResults(await readOutcome(experiment, options), options.output))
  }
  return results
}
