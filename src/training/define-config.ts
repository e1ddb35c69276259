import {
  type AnyRunConfig,
  parseConfig,
  parseConfigWith,
  parseUnknownConfig,
  type RunConfig,
  type RunConfigInput,
} from '../config/schema'
import { ConfigError } from '../errors'
import type { AnyObjective } from '../objectives/objective'
import { isBuiltIn, kindOf } from '../objectives/registry'

/** The input for a fine-tuning run with a custom objective. */
export interface RunDefinitionInput extends Omit<RunConfigInput, 'method'> {
  /** Objectives that `method.kind` may name besides those of this package. */
  readonly objectives: readonly AnyObjective[]
  /** The settings of one of them. */
  readonly method: { readonly kind: string } & Readonly<Record<string, unknown>>
}

/** A fine-tuning run with a custom objective: complete, validated settings. */
export interface RunDefinition {
  readonly config: AnyRunConfig
  readonly objectives: readonly AnyObjective[]
}

/**
 * Defines a fine-tuning run for `finetune`, with an objective of this package, or a custom one in `objectives`.
 *
 * @throws ConfigError that names every invalid field, including those of the objective's own settings; also if two objectives share a kind,
 *   or an objective trains anything else than the classifier
 *
 * @example
 * const config = defineConfig({ ...presets.digits({ output: 'runs/digits' }), seed: 1 })
 * config.seed // => 1
 */
export function defineConfig(input: RunConfigInput): RunConfig
export function defineConfig(input: RunDefinitionInput): RunDefinition
export function defineConfig(input: RunConfigInput | RunDefinitionInput): RunConfig | RunDefinition {
  return 'objectives' in input ? withObjectives(input) : parseConfig(input)
}

function withObjectives({ objectives, ...input }: RunDefinitionInput): RunDefinition {
  for (const [index, objective] of objectives.entries()) {
    if (typeof objective === 'function') continue
    throw new ConfigError(
      `objectives.${index}: expected what defineObjective returns, got ${String(objective)}.`,
      {
        remedy: 'Pass the objective to defineObjective first.',
      },
    )
  }
  const kinds = objectives.map(kindOf)
  const twice = kinds.find((kind, index) => isBuiltIn(kind) || kinds.indexOf(kind) !== index)
  if (twice !== undefined) {
    throw new ConfigError(`objectives: there are two of the kind ${twice}, expected one.`, {
      remedy: 'Give yours another kind.',
    })
  }
  const other = objectives.find(objective =>
    objective(({ trains = 'classifier' }) => trains !== 'classifier'),
  )
  if (other !== undefined) {
    throw new ConfigError(
      `objectives: ${kindOf(other)} trains ${other(({ trains }) => trains)}, but an objective of a script trains the classifier.`,
      { remedy: 'Leave `trains` out.' },
    )
  }
  const own = objectives.find(objective => kindOf(objective) === input.method.kind)
  const config =
    own === undefined ? parseUnknownConfig(input) : own(({ settings }) => parseConfigWith(settings, input))
  return { config, objectives }
}

/** Returns the run that `finetune` was given. */
export function definitionOf(input: RunConfigInput | RunDefinition): RunDefinition {
  if (!('objectives' in input)) return { config: parseConfig(input), objectives: [] }
  if ('config' in input) return input
  throw new ConfigError('A configuration with your own objectives is passed to defineConfig first.', {
    remedy: 'Write finetune(session, defineConfig({ … }), …).',
  })
}
