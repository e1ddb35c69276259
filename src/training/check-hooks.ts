import { ConfigError } from '../errors'
import { didYouMean } from '../files/nearest-name'
import type { Form, Objective } from '../objectives/objective'
import type { FinetuneHooks } from './hooks'
import type { Hyperparameters, Schedule } from './hyperparameters'

/** Type of a hook that affects training: a run records it. */
const DECIDES = ['a function', (value: unknown) => typeof value === 'function'] as const

/** Runtime checks of the hooks' values, where a type alone does not suffice. */
const HOOKS: {
  readonly [name in keyof Required<FinetuneHooks>]: readonly [string, (value: unknown) => boolean] | null
} = {
  ...{ onStart: null, onUpdate: null, onCompiling: null, onEpoch: null, onEnd: null, watchers: null },
  ...{ rule: DECIDES, lossTerm: DECIDES, schedule: DECIDES },
  ...{ denoiser: null, signal: null, eventFiles: null, progress: null, updatesOnly: null },
  acceptChangedHooks: ['true or false', value => typeof value === 'boolean'],
  sanity: ['true or false', value => typeof value === 'boolean'],
  existing: oneOf('refuse', 'replace', 'resume'),
  onNonFinite: oneOf('skip', 'stop'),
  maxHours: ['a number of at least 0', value => typeof value === 'number' && value >= 0],
  stopAfterUpdates: ['an integer of at least 1', isCount],
  evaluationImages: ['an integer of at least 1', isCount],
}

/** Hooks that affect training. */
export type DecidingHook = 'rule' | 'lossTerm' | 'schedule'

/** Returns the names of the caller's hooks that a run records. */
export function decidingHooks(): readonly DecidingHook[] {
  const names = Object.keys(HOOKS) as (keyof typeof HOOKS)[]
  return names.filter(name => HOOKS[name] === DECIDES) as DecidingHook[]
}

/**
 * Checks that `finetune` has these hooks and that their values are valid.
 *
 * @throws ConfigError that names the hook
 */
export function requireHooks(hooks: object): void {
  for (const [name, value] of Object.entries(hooks)) {
    if (!Object.hasOwn(HOOKS, name)) {
      throw new ConfigError(
        `finetune has no hook ${name}, expected ${Object.keys(HOOKS).sort().join(', ')}.${didYouMean(name, Object.keys(HOOKS))}`,
        {
          remedy: 'Correct its name.',
        },
      )
    }
    const [expected, isValid] = HOOKS[name as keyof FinetuneHooks] ?? []
    if (value === undefined || isValid === undefined || isValid(value)) continue
    throw new ConfigError(`The hook ${name} takes ${expected}, got ${String(value)}.`, {
      remedy: 'Correct it.',
    })
  }
}

/**
 * Wraps a schedule to check its results.
 *
 * @throws ConfigError, when called, that names the schedule, the update and the field
 */
export function checkedSchedule<F extends Form>(
  objective: Objective<F>,
  schedule: Schedule<F['settings']>,
): Schedule<F['settings']> {
  return (place, configured) => {
    const overridden: Partial<Hyperparameters<F['settings']>> = Object(schedule(place, configured))
    const refuse = (field: string, expected: string, got: unknown): never => {
      const name = schedule.name === '' ? 'The schedule' : `The schedule ${schedule.name}`
      throw new ConfigError(
        `${name} returned ${field} for update ${place.step}: expected ${expected}, got ${String(got)}.`,
        {
          remedy:
            'Return learningRate, weightDecay and method as far as they differ from the configured ones.',
        },
      )
    }
    for (const [field, value] of Object.entries<unknown>(overridden)) {
      if (field === 'learningRate' || field === 'weightDecay') {
        if (!(typeof value === 'number' && Number.isFinite(value) && value >= 0)) {
          refuse(field, 'a finite number of at least 0', value)
        }
      } else if (field === 'method') {
        const parsed = objective.settings.safeParse(value)
        const [issue] = parsed.error?.issues ?? []
        if (issue !== undefined) {
          refuse(['method', ...issue.path].join('.'), `settings of ${objective.kind}`, issue.message)
        }
      } else refuse(field, 'learningRate, weightDecay or method', value)
    }
    return overridden
  }
}

function oneOf(...values: readonly string[]) {
  return [values.join(', '), (value: unknown) => values.includes(value as string)] as const
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1
}
