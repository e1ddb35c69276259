import type { CertificationRunConfig } from '../config/schema'
import type { JsonObject } from '../logs/certification-log-metadata'
import type { CertifiedNetworks } from '../smoothing/load-networks'

/** What of the networks decides votes: their settings and their weights, but not where these lie. */
export function modelsOf(
  { smoothing, classifier, ensemble }: CertificationRunConfig,
  { weights, others: members }: Pick<CertifiedNetworks, 'weights' | 'others'>,
): JsonObject {
  const { path: _path, file: _file, adapter: _adapter, ...others } = { file: null, ...classifier }
  const { path: _from, ...schedule } = { path: null, ...smoothing.denoiser }
  return {
    denoiser: weights.denoiser === null ? null : ({ ...schedule, ...weights.denoiser } as JsonObject),
    classifier: { ...others, ...weights.classifier } as JsonObject,
    checkpoint: weights.checkpoint,
    ...(ensemble !== undefined && {
      ensemble: {
        ...{ by: ensemble.by, consensus: ensemble.consensus ?? null },
        others: members.map(({ weights: own }) => own as unknown as JsonObject),
      },
    }),
  }
}
