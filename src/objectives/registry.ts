import type { MethodConfig } from '../config/methods'
import { ConfigError } from '../errors'
import { didYouMean } from '../files/nearest-name'
import { catRs } from './cat-rs/cat-rs'
import { consistency } from './consistency'
import { crossEntropy, gaussian } from './cross-entropy'
import { calibration } from './denoiser/calibration'
import { denoiser } from './denoiser/denoiser'
import { diffusion } from './denoiser/diffusion'
import { score } from './denoiser/score'
import { diverseEnsemble } from './diverse-ensemble/diverse-ensemble'
import { ftCadis } from './ft-cadis/ft-cadis'
import { macer } from './macer'
import { type AnyObjective, defineObjective } from './objective'
import { pixelDp } from './pixel-dp'
import { router } from './router/router'
import { selector } from './selector/selector'
import { smoothAdv } from './smooth-adv'
import { smoothMix } from './smooth-mix/smooth-mix'
import { stability } from './stability'

/** The objectives of this package, by `method.kind`. */
export const OBJECTIVES: { readonly [kind in MethodConfig['kind']]: AnyObjective } = {
  'ft-cadis': defineObjective(ftCadis),
  'cross-entropy': defineObjective(crossEntropy),
  gaussian: defineObjective(gaussian),
  stability: defineObjective(stability),
  consistency: defineObjective(consistency),
  'smooth-adv': defineObjective(smoothAdv),
  macer: defineObjective(macer),
  'smooth-mix': defineObjective(smoothMix),
  'cat-rs': defineObjective(catRs),
  'diverse-ensemble': defineObjective(diverseEnsemble),
  denoiser: defineObjective(denoiser),
  diffusion: defineObjective(diffusion),
  selector: defineObjective(selector),
  router: defineObjective(router),
  'pixel-dp': defineObjective(pixelDp),
  score: defineObjective(score),
  calibration: defineObjective(calibration),
}

/** Returns the kind of an objective. */
export function kindOf(objective: AnyObjective): string {
  return objective(({ kind }) => kind)
}

export function isBuiltIn(kind: string): kind is MethodConfig['kind'] {
  return Object.hasOwn(OBJECTIVES, kind)
}

/**
 * Finds the objective of a kind, among the caller's own or those of this package.
 *
 * @throws ConfigError if none has the kind
 */
export function findObjective(kind: string, own: readonly AnyObjective[] = []): AnyObjective {
  const found =
    own.find(objective => kindOf(objective) === kind) ?? (isBuiltIn(kind) ? OBJECTIVES[kind] : undefined)
  if (found !== undefined) return found
  const kinds = [...Object.keys(OBJECTIVES), ...own.map(kindOf)]
  throw new ConfigError(
    `method.kind: expected ${kinds.join(' or ')}, got ${kind}.${didYouMean(kind, kinds)}`,
    { remedy: 'Pass an objective of this kind to defineConfig, in `objectives`.' },
  )
}
