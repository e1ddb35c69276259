import { z } from 'zod'
import type { MethodConfig } from '../types/method'
import { crossEntropySchema } from './cross-entropy'
import { ftCadisSchema } from './ft-cadis'

/** How the classifier is trained: one schema for each objective of `src/objectives/registry.ts`. */
export const methodSchema = z.discriminatedUnion('kind', [ftCadisSchema, crossEntropySchema])

export type { MethodConfig }

/** The kinds of method that come with this package. */
export const METHOD_KINDS: readonly string[] = ['ft-cadis', 'cross-entropy'] satisfies MethodConfig['kind'][]
