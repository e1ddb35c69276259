import type { Plain } from '../bridge'

/** What a network or a data set is loaded from, as plain data; `src/config/schema.ts` describes the fields. */
export type Spec = { readonly [field: string]: Plain | undefined }

/**
 * The spec as Python takes it: its own fields under Python's names, so that `modelArgs` is `model_args`. What the fields hold
 * travels as it is: the keys in there are names of the user's, of a library or of a network.
 */
export function pythonSpec(spec: Spec): { readonly [field: string]: Plain } {
  const fields: { [field: string]: Plain } = {}
  for (const [field, value] of Object.entries(spec)) {
    if (value !== undefined) fields[field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)] = value
  }
  return fields
}
