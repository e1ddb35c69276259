import { ConfigError } from '../errors'
import type { CertificationRow } from '../logs/certification-log'
import { overSeeds } from './accuracy-table'
import { certifiedAccuracy } from './certified-accuracy'
import { requireOneSetOfImages } from './same-images'
import type { MeanAndDeviation } from './tables'

/** The logs of one configuration, one per seed. */
export interface SeedLogs {
  readonly logs: readonly { readonly rows: readonly CertificationRow[] }[]
  /** Whether to average logs of different images. Default: false. */
  readonly allowDifferent?: boolean | undefined
}

/** The best of several runs at one radius. Accuracies are shares in [0, 1], over several seeds mean and deviation. */
export interface BestRun<Run> {
  readonly radius: number
  /** Certified accuracy of `run` at `radius`. */
  readonly accuracy: number | MeanAndDeviation
  /** Accuracy of `run` at radius 0: the number in parentheses in the paper's Table 1. */
  readonly cleanAccuracy: number | MeanAndDeviation
  readonly run: Run
}

/**
 * Returns the upper envelope over one method's runs, usually one per sigma, as Table 1 reports a method. At each radius it is the run with
 * the highest certified accuracy; on a tie, the one with the higher accuracy at radius 0, and then the first. Seeds of a run are averaged
 * before runs are compared.
 *
 * @param radii l2 radii on the [0, 1] pixel scale
 * @throws as `certifiedAccuracy`; ConfigError without runs, or for a run with logs of different images
 */
export function bestOverRuns<Run extends SeedLogs>(
  runs: readonly Run[],
  radii: readonly number[],
): BestRun<Run>[] {
  const candidates = runs.map(run => {
    const { logs, allowDifferent } = run
    requireOneSetOfImages('one configuration', { logs: logs.map(({ rows }) => rows), allowDifferent })
    const seeds = run.logs.map(({ rows }) => certifiedAccuracy(rows, [0, ...radii]))
    const at = (position: number) => overSeeds(seeds.map(shares => shares[position] as number))
    return { run, at }
  })
  const [first, ...others] = candidates
  if (first === undefined) {
    throw new ConfigError('The best of no runs was asked for, expected at least one.', {
      remedy: 'Pass the logs of a method.',
    })
  }
  return radii.map((radius, index) => {
    const position = index + 1
    const best = others.reduce(
      (best, candidate) => (isBetter(candidate.at, best.at, position) ? candidate : best),
      first,
    )
    return { radius, accuracy: best.at(position), cleanAccuracy: best.at(0), run: best.run }
  })
}

type At = (position: number) => number | MeanAndDeviation

function isBetter(candidate: At, best: At, position: number): boolean {
  const ahead = meanOf(candidate(position)) - meanOf(best(position))
  return ahead > 0 || (ahead === 0 && meanOf(candidate(0)) > meanOf(best(0)))
}

function meanOf(value: number | MeanAndDeviation): number {
  return typeof value === 'number' ? value : value.mean
}
