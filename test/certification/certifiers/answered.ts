import type { Ask, Certifier, Tally } from '../../../src/certification/certifiers'
import type { Outcome } from '../../../src/logs/outcome'

/** Runs a certifier on votes out of a function. */
export function answered(
  certifier: Certifier,
  votes: (ask: Ask) => Tally,
): { readonly outcome: Outcome; readonly asked: readonly (readonly Ask[])[] } {
  const steps = certifier.begin()
  const asked: (readonly Ask[])[] = []
  let step = steps.next([])
  while (!step.done) {
    asked.push(step.value)
    step = steps.next(step.value.map(votes))
  }
  return { outcome: step.value, asked }
}
