import { isObject } from '../files/read-json'
import { parseUnknownConfig, type RunConfig } from './schema'

/** Fields of a method or of the optimisation that count epochs. */
const IN_EPOCHS: ReadonlySet<string> = new Set([
  'epochs',
  'stopAfterEpoch',
  'warmupEpochs',
  'everyEpochs',
  'rampEpochs',
  'fromEpoch',
  'robustnessFromEpoch',
])

/**
 * Returns a shorter training: epochs, warm-up, ramps and drops divided by a factor, each rounded to an epoch and at least one.
 *
 * @throws ConfigError if two steps of a list fall on the same epoch
 */
export function shortened(config: RunConfig, factor: number): RunConfig {
  const { method, optimisation } = config
  return parseUnknownConfig({
    ...config,
    method: divided(method, factor),
    optimisation: divided(optimisation, factor),
  })
}

function divided(value: unknown, factor: number): unknown {
  if (Array.isArray(value)) return value.map(each => divided(each, factor))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      IN_EPOCHS.has(name) && typeof field === 'number' && field >= 1
        ? Math.max(1, Math.round(field / factor))
        : divided(field, factor),
    ]),
  )
}
