import type { HookTrace, HookTraces } from '../config/hook-trace'
import { accuracy } from '../objectives/accuracy'
import { type HookFunction, sourceHash, traceOf } from '../objectives/define-hook'
import type { Form, Objective } from '../objectives/objective'
import { isBuiltIn } from '../objectives/registry'
import { type DecidingHook, decidingHooks } from './check-hooks'

/** Returns the record of the caller's functions that affect training. Functions that only observe leave no trace. */
export function tracesOf(hooks: { readonly [name in DecidingHook]?: HookFunction | undefined }): HookTraces {
  return Object.fromEntries(
    decidingHooks().flatMap(name => {
      const hook = hooks[name]
      return hook === undefined ? [] : [[name, traceOf(hook)] as const]
    }),
  )
}

/** Parts of an objective that affect training or the choice of the best checkpoint. Its settings are in the configuration. */
const DECIDING_PARTS = [
  'copies',
  'head',
  'files',
  'prepare',
  'at',
  'look',
  'decide',
  'check',
  'count',
  'given',
  'loss',
] as const

/** Returns the record of a caller's custom objective; none for those of this package. */
export function objectiveTrace<F extends Form>(objective: Objective<F>): { readonly objective?: HookTrace } {
  if (isBuiltIn(objective.kind)) return {}
  const parts = [...DECIDING_PARTS.map(part => objective[part]), objective.evaluation?.look]
  const functions = parts.flatMap(part => (part === undefined ? [] : [part as HookFunction]))
  // Another metric would not be comparable with the best of earlier epochs.
  const { best } = objective.evaluation ?? accuracy
  return { objective: { name: objective.kind, parameters: { best }, sha256: sourceHash(functions) } }
}
