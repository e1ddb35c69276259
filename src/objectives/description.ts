import { ACCURACY_METRICS, BEST_ACCURACY } from './accuracy-metrics'
import { ftCadisMetrics } from './ft-cadis/metrics'
import { describeMetrics, type MetricTable } from './metrics'
import type { Evaluation, Form, Objective } from './objective'

/** The description of an objective in the run folder, which shows the run without the objective's code. */
export interface ObjectiveDescription {
  readonly kind: string
  /** The program that defined a custom objective; null for those of this package. */
  readonly script: string | null
  /** Metrics of an update. */
  readonly metrics: MetricTable
  readonly evaluation: { readonly metrics: MetricTable; readonly best: Evaluation['best'] }
}

/** Describes an objective; `evaluation` is the run's evaluation. */
export function describeObjective<F extends Form>(
  { kind, metrics }: Pick<Objective<F>, 'kind' | 'metrics'>,
  { evaluation, script }: { readonly evaluation: Omit<Evaluation, 'look'>; readonly script: string | null },
): ObjectiveDescription {
  return {
    kind,
    script,
    metrics: describeMetrics(metrics),
    evaluation: { metrics: describeMetrics(evaluation.metrics), best: evaluation.best },
  }
}

/** The objective of runs from versions whose run folders do not describe it. */
export const EARLIER_OBJECTIVE: ObjectiveDescription = describeObjective(
  { kind: 'ft-cadis', metrics: ftCadisMetrics },
  { evaluation: { metrics: ACCURACY_METRICS, best: BEST_ACCURACY }, script: null },
)
