import type { Plain } from '../bridge'

/** Plain data from which to load a network or a data set; `src/config/schema.ts` describes the fields. */
export type Spec = { readonly [field: string]: Plain | undefined }

/**
 * Converts a spec for Python: renames its own fields, for example `modelArgs` to `model_args`. The values stay unchanged, since their keys
 * are names of the user, a library or a network.
 */
export function pythonSpec(spec: Spec): { readonly [field: string]: Plain } {
  const fields: { [field: string]: Plain } = {}
  for (const [field, value] of Object.entries(spec)) {
    if (value !== undefined) fields[field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)] = value
  }
  return fields
}
