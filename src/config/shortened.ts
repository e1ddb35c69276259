import { isObject } from '../files/read-json'
import { parseUnknownConfig, type RunConfig } from './schema'

/** Fields of a method or of the optimisation that count epochs. */
const IN_EPOCHS: ReadonlySet<string> = new Set([
  ...['epochs', 'stopAfterEpoch', 'warmupEpochs', 'everyEpochs', 'rampEpochs', 'fromEpoch'],
])

/** Fields that name an epoch by a drop of the learning rate, which may be late. */
const BY_DROP: ReadonlySet<string> = new Set(['robustnessFromEpoch'])

/**
 * Returns a shorter training: epochs, warm-up, ramps and drops divided by a factor, each rounded to an epoch and at least one. A drop that
 * is late by an epoch stays so, and what begins with it begins with it.
 *
 * @throws ConfigError if two steps of a list fall on the same epoch
 */
export function shortened(config: RunConfig, factor: number): RunConfig {
  const { method, optimisation } = config
  const { schedule } = optimisation
  const late = schedule.kind === 'steps' ? schedule.late : 0
  const least = (epochs: number) => Math.max(1, Math.round(epochs / factor))
  const divided = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(divided)
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => {
        if (typeof field !== 'number' || field < 1) return [name, divided(field)]
        if (IN_EPOCHS.has(name)) return [name, least(field)]
        return [name, BY_DROP.has(name) ? least(field - late) + late : field]
      }),
    )
  }
  return parseUnknownConfig({ ...config, method: divided(method), optimisation: divided(optimisation) })
}
