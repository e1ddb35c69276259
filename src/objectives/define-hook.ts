import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { HookTrace } from '../config/hook-trace'
import { ConfigError } from '../errors'
import { firstIssue } from '../files/read-json'

/** A function that decides something in a run. */
export type HookFunction = (...inputs: never[]) => unknown

/** Numbers, texts and the like, as JSON holds them. */
export type HookParameters = Readonly<Record<string, unknown>>

export interface HookDefinition<Parameters extends HookParameters, Hook extends HookFunction> {
  /** What the run folder, its report and errors call it. */
  readonly name: string
  /** All that the function depends on beside its arguments. */
  readonly parameters: Parameters
  readonly make: (parameters: Parameters) => Hook
}

const parametersSchema = z.record(z.string(), z.json())

const declared = new WeakMap<HookFunction, HookTrace>()

/**
 * Makes a rule, a loss term or a schedule with a name and parameters, by which a run knows it again when it is resumed.
 *
 * @throws ConfigError for a name that is empty, parameters that JSON cannot hold, or a `make` that makes no function
 *
 * @example
 * const rule: SelectionRule = defineHook({
 *   name: 'confidently-right',
 *   parameters: { threshold: 0.8 },
 *   make: ({ threshold }) => ({ crossEntropy }, { settings }) => {
 *     const correct = crossEntropy.map(row => row.map(value => Math.exp(-value) >= threshold))
 *     return selectImages(correct, crossEntropy, settings)
 *   },
 * })
 * rule.name // => 'confidently-right'
 */
export function defineHook<Parameters extends HookParameters, Hook extends HookFunction>({
  name,
  parameters,
  make,
}: HookDefinition<Parameters, Hook>): Hook {
  const refuse = (what: string, remedy: string): never => {
    throw new ConfigError(`A hook ${what}.`, { remedy })
  }
  if (typeof name !== 'string' || name === '') refuse('has no name', 'Give one, such as confidently-right.')
  const parsed = parametersSchema.safeParse(parameters)
  if (!parsed.success) {
    refuse(
      `${name} has parameters that JSON cannot hold: ${firstIssue(parsed.error)}`,
      'Give numbers, texts, booleans, null, and lists or objects of them; make the rest of these.',
    )
  }
  // Copies: what becomes of the caller's object, or of the function's, is not another trace.
  const made = make(structuredClone(parameters))
  if (typeof made !== 'function') refuse(`${name} is made no function`, 'Return it from make.')
  const hook = ((...inputs: never[]) => made(...inputs)) as Hook
  Object.defineProperty(hook, 'name', { value: name })
  declared.set(hook, { name, parameters: parsed.data ?? null, sha256: sourceHash([make]) })
  return hook
}

/** What is to be recorded of a function: its declaration, or the source of a bare one. */
export function traceOf(hook: HookFunction): HookTrace {
  return declared.get(hook) ?? { name: hook.name, parameters: null, sha256: sourceHash([hook]) }
}

/**
 * SHA-256 of the source of functions, as the running program has it; null where one of them shows none, because it is
 * bound or built in. It sees neither what the functions close over nor what they call, and other compilers of TypeScript
 * write another source.
 */
export function sourceHash(functions: readonly HookFunction[]): string | null {
  const sources = functions.map(own => Function.prototype.toString.call(own))
  if (sources.some(source => /\{\s*\[native code\]\s*\}$/.test(source))) return null
  return createHash('sha256').update(JSON.stringify(sources)).digest('hex')
}
