import { z } from 'zod'

/** What a function was called and given when it was handed in. */
export const hookTraceSchema = z.object({
  name: z.string(),
  /** null for a bare function: its name is the one that it has in JavaScript, and decides nothing. */
  parameters: z.record(z.string(), z.unknown()).nullable(),
  /** SHA-256 of its source; null where the source cannot be seen. */
  sha256: z.string().nullable(),
})

/** By the hook that took them. */
export const hookTracesSchema = z.record(z.string(), hookTraceSchema)

/** What a run says of a function that a script has handed in. */
export type HookTrace = Readonly<z.output<typeof hookTraceSchema>>

/** All functions that a script has handed in and that decide what is trained, by the hook that took them. */
export type HookTraces = Readonly<Record<string, HookTrace>>

/** As tables and messages show it: `confidently-right {"threshold":0.8}, source 1a2b3c4d`. */
export function showHook(trace: HookTrace | undefined): string {
  if (trace === undefined) return 'none'
  const { name, parameters, sha256 } = trace
  const called =
    parameters === null
      ? `a bare function${name === '' ? '' : ` ${name}`}`
      : `${name} ${JSON.stringify(parameters)}`
  return `${called}, source ${sha256?.slice(0, 8) ?? 'unknown'}`
}
