import { median, quantile } from '../statistics'
import type { Measurement } from './measure'
import type { Phases } from './typescript-side'

export interface Spread {
  readonly median: number
  readonly fifth: number
  readonly ninetyFifth: number
}

export interface Summary {
  readonly updates: number
  readonly typescriptMs: Spread
  readonly pythonMs: Spread
  /** Time of a step that Python did not spend running its programs. */
  readonly hostMs: Spread
  /** Medians. */
  readonly phases: Phases
  readonly attackedImages: Spread
}

export function summarize({ timed }: Measurement): Summary {
  const typescript = timed.map(round => round.typescript.totalMs)
  const python = timed.map(round => round.python.totalMs)
  const phases = timed.map(round => round.typescript.phases)
  return {
    updates: timed.length,
    typescriptMs: spread(typescript),
    pythonMs: spread(python),
    hostMs: spread(timed.map(round => round.typescript.totalMs - round.typescript.phases.pythonMs)),
    phases: mediansOf(phases),
    attackedImages: spread(timed.map(round => round.typescript.figures.attacked)),
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
