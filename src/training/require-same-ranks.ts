import { decidingDifferences } from '../config/deciding-fields'
import { type FieldDifference, fieldDifferences, showValue } from '../config/differences'
import { type HookTraces, showHook } from '../config/hook-trace'
import type { AnyRunConfig } from '../config/schema'
import { ConfigError } from '../errors'
import type { RunDescription } from '../runs/describe-run'
import { dataDifferences, type RunData } from '../smoothing/data-identity'
import { weightDifferences } from '../smoothing/weight-differences'
import type { ProcessGroup } from '../torch'
import type { FinetuneHooks } from './hooks'

type Ranks = Pick<ProcessGroup, 'gather' | 'worldSize'>

/**
 * Checks that all ranks have the same images as rank 0: same names, labels, classes and sizes. The location on each machine does not
 * matter.
 *
 * @throws ConfigError on every rank, naming both ranks
 */
export async function requireSameDataOnRanks(group: Ranks, data: RunData): Promise<void> {
  await requireAlike(group, {
    what: 'data',
    value: data,
    differences: (first, other, names) =>
      (['train', 'test'] as const).flatMap(split =>
        dataDifferences(first[split], other[split], names).map(line => `${split}: ${line}`),
      ),
    remedy:
      'Give every machine a copy of the same data, or a path that leads to the same files on all of them.',
  })
}

/**
 * Checks that all ranks have loaded the same weights as rank 0, by the hashes of their files.
 *
 * @throws ConfigError on every rank, naming both ranks
 */
export async function requireSameWeightsOnRanks(
  group: Ranks,
  weights: RunDescription['weights'],
): Promise<void> {
  await requireAlike(group, {
    what: 'weights',
    value: weights,
    differences: (first, other, [ofFirst, ofOther]) =>
      linesOf(weightDifferences(first, other), [ofFirst, ofOther]),
    remedy: 'Give every machine the same files.',
  })
}

/** Settings of a rank without the paths of its files. */
export interface RankSettings {
  readonly config: AnyRunConfig
  /** The caller's functions. */
  readonly hooks: HookTraces
  /** Other options that affect every rank. */
  readonly options: Pick<
    FinetuneHooks,
    'stopAfterUpdates' | 'evaluationImages' | 'updatesOnly' | 'onNonFinite'
  >
}

/**
 * Checks that all ranks have the same settings and functions as rank 0: others would train differently, or wait for it forever.
 *
 * @throws ConfigError on every rank, naming both ranks
 */
export async function requireSameSettingsOnRanks(group: Ranks, settings: RankSettings): Promise<void> {
  await requireAlike(group, {
    what: 'settings',
    value: settings,
    differences: (first, other, names) => [
      ...linesOf(decidingDifferences(first.config, other.config), names),
      ...linesOf(fieldDifferences(first.options, other.options), names),
      ...[...new Set([...Object.keys(first.hooks), ...Object.keys(other.hooks)])]
        .filter(name => fieldDifferences(first.hooks[name], other.hooks[name]).length > 0)
        .map(
          name =>
            `${name}: ${showHook(first.hooks[name])} ${names[0]}, ${showHook(other.hooks[name])} ${names[1]}`,
        ),
    ],
    remedy: 'Start every rank by the same program with the same settings; paths may differ.',
  })
}

function linesOf(differences: readonly FieldDifference[], [ofFirst, ofOther]: readonly [string, string]) {
  return differences.map(
    ({ field, before, after }) => `${field}: ${showValue(before)} ${ofFirst}, ${showValue(after)} ${ofOther}`,
  )
}

interface Comparison<Value> {
  readonly what: string
  readonly value: Value
  readonly differences: (first: Value, other: Value, names: readonly [string, string]) => readonly string[]
  readonly remedy: string
}

async function requireAlike<Value>(
  group: Ranks,
  { what, value, differences, remedy }: Comparison<Value>,
): Promise<void> {
  if (group.worldSize === 1) return
  // As text: plain data drop undefined fields.
  const [first, ...others] = (await group.gather(JSON.stringify(value))).map(
    text => JSON.parse(text) as Value,
  )
  if (first === undefined) return
  for (const [position, other] of others.entries()) {
    const rank = position + 1
    const lines = differences(first, other, ['on rank 0', `on rank ${rank}`])
    if (lines.length === 0) continue
    const list = lines.map(line => `  ${line}`).join('\n')
    throw new ConfigError(`Rank 0 and rank ${rank} have other ${what}:\n${list}\n`, { remedy })
  }
}
