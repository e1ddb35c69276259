import { ConfigError } from '../errors'
import type { CertificationLog } from '../logs/certification-log-file'
import { familyWiseOf } from '../logs/certification-log-metadata'
import { radiusColumns } from './accuracy-table'
import { certifiedAccuracy, highProbabilityAccuracy } from './certified-accuracy'
import { normOfMethods } from './norm'
import { logNames, type Method } from './runs'
import type { Table } from './tables'

export interface HighProbabilityOptions {
  /** α of logs that do not state it. */
  readonly alpha?: number
  /** Probability that a bound is wrong. Default 0.001. */
  readonly rho?: number
}

/**
 * Returns lower bounds on the certified accuracy that exact certificates would have, one row per log: a bound holds for one log, not for
 * the best or the mean of several. A log with a family-wise α of at most rho is its own bound.
 *
 * @throws ConfigError for a log whose alpha is unknown, or contradicts the given one; otherwise as `highProbabilityAccuracy`
 */
export function highProbabilityTable(
  methods: readonly Method[],
  radii: readonly number[],
  { alpha, rho = 0.001 }: HighProbabilityOptions,
): Table {
  const runs = methods.flatMap(method => method.runs)
  return {
    caption: `Certified accuracy in percent at ${normOfMethods(methods)} radius r that exact certificates of these images would have at least, each with probability 1 − ρ, ρ = ${rho}, as a certificate is wrong with probability at most α`,
    columns: [{ header: 'log' }, { header: 'α' }, ...radiusColumns(radii, { best: 'largest' })],
    rows: runs.flatMap(run => {
      const names = logNames(run)
      return run.logs.map((log, position) => {
        const ofLog = alphaOf(log, alpha)
        const bounds = holdsAsAWhole(log, rho)
          ? certifiedAccuracy(log.rows, radii)
          : highProbabilityAccuracy(log.rows, radii, { alpha: ofLog, rho })
        // A negative bound says no more than 0.
        return [names[position] ?? run.name, ofLog, ...bounds.map(bound => 100 * Math.max(0, bound))]
      })
    }),
  }
}

/** With a family-wise α of at most rho, all certificates are right with probability 1 - rho: nothing is subtracted. */
function holdsAsAWhole({ metadata }: CertificationLog, rho: number): boolean {
  const whole = metadata && familyWiseOf(metadata)
  return whole !== undefined && whole.alpha <= rho
}

function alphaOf({ file, metadata }: CertificationLog, given: number | undefined): number {
  const logged = metadata?.configuration.alpha
  if (logged === undefined && given === undefined) {
    throw new ConfigError(
      `Nothing says with which alpha ${file} was certified, and the bound depends on it.`,
      {
        remedy: 'Give it with --alpha; the scripts of Cohen et al. and of the authors take 0.001 by default.',
      },
    )
  }
  if (logged !== undefined && given !== undefined && logged !== given) {
    throw new ConfigError(`${file} was certified with alpha = ${logged}, expected --alpha ${given}.`, {
      remedy: 'Leave --alpha out: a log that says its alpha needs none.',
    })
  }
  return (logged ?? given) as number
}
