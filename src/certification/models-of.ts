import type { CertificationRunConfig, ClassifierConfig } from '../config/schema'
import type { JsonObject } from '../logs/certification-log-metadata'
import type { CertifiedNetworks, LoadedMember } from '../smoothing/load-networks'

/** Returns the properties of networks that determine votes: their settings and weights, but not their paths. */
export function modelsOf(
  { smoothing, classifier, ensemble, aces, router }: CertificationRunConfig,
  {
    weights,
    others: members,
    ...beside
  }: Pick<CertifiedNetworks, 'weights' | 'others'> &
    Partial<Pick<CertifiedNetworks, 'selector' | 'core' | 'router'>>,
): JsonObject {
  const { path: _from, ...schedule } = { path: null, ...smoothing.denoiser }
  return {
    denoiser: weights.denoiser === null ? null : ({ ...schedule, ...weights.denoiser } as JsonObject),
    classifier: { ...withoutPlace(classifier), ...weights.classifier } as JsonObject,
    checkpoint: weights.checkpoint,
    ...(ensemble !== undefined && {
      ensemble: {
        ...{ by: ensemble.by, consensus: ensemble.consensus ?? null },
        others: members.map(({ weights: own }) => own as unknown as JsonObject),
      },
    }),
    ...(router !== undefined && {
      router: {
        network: besideOf(router.network, beside.router),
        others: members.map(({ weights: own }) => own as unknown as JsonObject),
      },
    }),
    ...(aces !== undefined && {
      aces: {
        selector: besideOf(aces.selector, beside.selector),
        core: besideOf(aces.core, beside.core),
      },
    }),
  }
}

/** Returns the properties of a network of ACES or of a router that determine votes. */
function besideOf(
  settings: { readonly classifier: ClassifierConfig } | undefined,
  loaded: LoadedMember | undefined,
): JsonObject | null {
  if (settings === undefined || loaded === undefined) return null
  const { classifier, checkpoint } = loaded.weights
  return { ...withoutPlace(settings.classifier), ...classifier, checkpoint } as unknown as JsonObject
}

function withoutPlace(classifier: ClassifierConfig): object {
  const { path: _path, file: _file, adapter: _adapter, ...others } = { file: null, ...classifier }
  return others
}
