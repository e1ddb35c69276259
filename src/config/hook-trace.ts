import { z } from 'zod'

/** Name and parameters of a function at the time it was passed in. */
export const hookTraceSchema = z.object({
  name: z.string(),
  /** null for a bare function: its JavaScript name decides nothing. */
  parameters: z.record(z.string(), z.unknown()).nullable(),
  /** SHA-256 of its source; null if the source is not available. */
  sha256: z.string().nullable(),
})

/** By the hook that received them. */
export const hookTracesSchema = z.record(z.string(), hookTraceSchema)

/** A run's record of a function from a script. */
export type HookTrace = Readonly<z.output<typeof hookTraceSchema>>

/** All functions from a script that affect training, by hook. */
export type HookTraces = Readonly<Record<string, HookTrace>>

/** Formats a trace for tables and messages: `confidently-right {"threshold":0.8}, source 1a2b3c4d`. */
export function showHook(trace: HookTrace | undefined): string {
  if (trace === undefined) return 'none'
  const { name, parameters, sha256 } = trace
  const called =
    parameters === null
      ? `a bare function${name === '' ? '' : ` ${name}`}`
      : `${name} ${JSON.stringify(parameters)}`
  return `${called}, source ${sha256?.slice(0, 8) ?? 'unknown'}`
}
