import type { Measurement } from './measure'
import { type Interval, median, medianInterval, quantile } from './statistics'
import type { Phases } from './typescript-side'

/** Most that a step may cost, as a multiple of the plain Python loop's. */
export const RATIO_TARGET = 1.05

export interface Spread {
  readonly median: number
  readonly fifth: number
  readonly ninetyFifth: number
}

export interface Summary {
  readonly updates: number
  readonly typescriptMs: Spread
  readonly pythonMs: Spread
  readonly ratioOfMedians: number
  /** Of the two times of a round, which are a fraction of a second apart. */
  readonly medianRatio: number
  /** 95 % bootstrap interval of it. */
  readonly interval: Interval
  /** Time of a step that Python did not spend running its programs. */
  readonly hostMs: Spread
  /** Medians. */
  readonly phases: Phases
  readonly attackedImages: Spread
  readonly targetMet: boolean
}

export function summarize({ timed }: Measurement): Summary {
  const typescript = timed.map(round => round.typescript.totalMs)
  const python = timed.map(round => round.python.totalMs)
  const ratios = timed.map(round => round.typescript.totalMs / round.python.totalMs)
  const phases = timed.map(round => round.typescript.phases)
  const medianRatio = median(ratios)
  return {
    updates: timed.length,
    typescriptMs: spread(typescript),
    pythonMs: spread(python),
    ratioOfMedians: median(typescript) / median(python),
    medianRatio,
    interval: medianInterval(ratios),
    hostMs: spread(timed.map(round => round.typescript.totalMs - round.typescript.phases.pythonMs)),
    phases: mediansOf(phases),
    attackedImages: spread(timed.map(round => round.typescript.figures.attacked)),
    targetMet: medianRatio <= RATIO_TARGET,
  }
}

function spread(values: readonly number[]): Spread {
  return { median: median(values), fifth: quantile(values, 0.05), ninetyFifth: quantile(values, 0.95) }
}

function mediansOf(phases: readonly Phases[]): Phases {
  const [first] = phases
  const names = Object.keys(first ?? {}) as (keyof Phases)[]
  return Object.fromEntries(
    names.map(name => [name, median(phases.map(phase => phase[name]))]),
  ) as unknown as Phases
}
