import { z } from 'zod'
import type { MethodConfig } from '../types/method'
import { calibrationSchema } from './calibration'
import { catRsSchema } from './cat-rs'
import { consistencySchema } from './consistency'
import { crossEntropySchema } from './cross-entropy'
import { denoiserMethodSchema } from './denoiser'
import { diffusionSchema } from './diffusion'
import { diverseEnsembleSchema } from './diverse-ensemble'
import { ftCadisSchema } from './ft-cadis'
import { gaussianSchema } from './gaussian'
import { macerSchema } from './macer'
import { pixelDpSchema } from './pixel-dp'
import { routerSchema } from './router'
import { scoreSchema } from './score'
import { selectorSchema } from './selector'
import { smoothAdvSchema } from './smooth-adv'
import { smoothMixSchema } from './smooth-mix'
import { stabilitySchema } from './stability'

/** How to train the classifier: one schema per objective of `src/objectives/registry.ts`. */
export const methodSchema = z.discriminatedUnion('kind', [
  ftCadisSchema,
  crossEntropySchema,
  gaussianSchema,
  stabilitySchema,
  consistencySchema,
  smoothAdvSchema,
  macerSchema,
  smoothMixSchema,
  catRsSchema,
  diverseEnsembleSchema,
  denoiserMethodSchema,
  diffusionSchema,
  selectorSchema,
  routerSchema,
  pixelDpSchema,
  scoreSchema,
  calibrationSchema,
])

export type { MethodConfig }

/** The kinds of method in this package. */
export const METHOD_KINDS: readonly string[] = [
  'ft-cadis',
  'cross-entropy',
  'gaussian',
  'stability',
  'consistency',
  'smooth-adv',
  'macer',
  'smooth-mix',
  'cat-rs',
  'diverse-ensemble',
  'denoiser',
  'diffusion',
  'selector',
  'router',
  'pixel-dp',
  'score',
  'calibration',
] satisfies MethodConfig['kind'][]
