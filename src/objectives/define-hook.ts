import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { HookTrace } from '../config/hook-trace'
import { ConfigError } from '../errors'
import { firstIssue } from '../files/read-json'

/** A function that customises a run. */
export type HookFunction = (...inputs: never[]) => unknown

/** JSON values: numbers, strings and the like. */
export type HookParameters = Readonly<Record<string, unknown>>

export interface HookDefinition<Parameters extends HookParameters, Hook extends HookFunction> {
  /** Name in the run folder, its report and errors. */
  readonly name: string
  /** Everything that the function depends on besides its arguments. */
  readonly parameters: Parameters
  readonly make: (parameters: Parameters) => Hook
}

const parametersSchema = z.record(z.string(), z.json())

const declared = new WeakMap<HookFunction, HookTrace>()

/**
 * Defines a rule, a loss term or a schedule with a name and parameters, by which a resumed run recognises it.
 *
 * @throws ConfigError if the name is empty, JSON cannot hold the parameters, or `make` does not return a function
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
  // Copies, so that later changes by the caller or the function do not alter the trace.
  const made = make(structuredClone(parameters))
  if (typeof made !== 'function') refuse(`${name} is made no function`, 'Return it from make.')
  const hook = ((...inputs: never[]) => made(...inputs)) as Hook
  Object.defineProperty(hook, 'name', { value: name })
  declared.set(hook, { name, parameters: parsed.data ?? null, sha256: sourceHash([make]) })
  return hook
}

/** Returns the record of a function: its declaration, or the source of a bare one. */
export function traceOf(hook: HookFunction): HookTrace {
  return declared.get(hook) ?? { name: hook.name, parameters: null, sha256: sourceHash([hook]) }
}

/**
 * Returns the SHA-256 of functions' source in the running program; null if one shows no source, because it is bound or built in. The hash
 * covers neither closures nor called functions, and differs between TypeScript compilers.
 */
export function sourceHash(functions: readonly HookFunction[]): string | null {
  const sources = functions.map(own => Function.prototype.toString.call(own))
  if (sources.some(source => /\{\s*\[native code\]\s*\}$/.test(source))) return null
  return createHash('sha256').update(JSON.stringify(sources)).digest('hex')
}
