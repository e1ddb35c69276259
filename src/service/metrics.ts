import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Buckets of durations, in seconds. */
const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]

/** The metrics of a service, for Prometheus. */
export interface ServiceMetrics {
  readonly contentType: string
  text(): Promise<string>
  request(route: string, status: number, seconds: number): void
  prediction(verdict: string, copies: number): void
  restart(): void
}

/**
 * Creates the metrics.
 *
 * @param options - `waiting`: returns the number of accepted, unanswered requests
 */
export function serviceMetrics({ waiting }: { readonly waiting: () => number }): ServiceMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    ...{ name: 'ft_cadis_request_seconds', help: 'Requests and how long they took.', registers },
    ...{ labelNames: ['route', 'status'] as const, buckets: SECONDS },
  })
  const predictions = new Counter({
    ...{ name: 'ft_cadis_predictions_total', help: 'Answers by verdict.', registers },
    labelNames: ['verdict'] as const,
  })
  const copies = new Counter({
    ...{ name: 'ft_cadis_copies_total', help: 'Noisy copies that were drawn for answers.', registers },
  })
  const restarts = new Counter({
    ...{ name: 'ft_cadis_python_restarts_total', help: 'How often Python was started again.', registers },
  })
  new Gauge({
    ...{ name: 'ft_cadis_waiting', help: 'Requests that are accepted and not answered.', registers },
    collect() {
      this.set(waiting())
    },
  })
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    request: (route, status, seconds) => requests.observe({ route, status }, seconds),
    prediction: (verdict, drawn) => {
      predictions.inc({ verdict })
      copies.inc(drawn)
    },
    restart: () => restarts.inc(),
  }
}
