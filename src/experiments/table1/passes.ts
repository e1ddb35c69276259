import type { RunConfig } from '../../config/schema'
import { findObjective } from '../../objectives/registry'
import { planRun, timesImages } from '../../runs/plan-run'
import type { Scale } from '../scale'

/** Returns the images that pass through a network, forward or backward, in one training: an upper bound if it depends on the images. */
export function trainingPasses(config: RunConfig, { trainImages }: Pick<Scale, 'trainImages'>): number {
  const { method, smoothing } = config
  const context = { usesBatchStatistics: false, hasDenoiser: smoothing.denoiser.source !== 'none' }
  const { denoiserForward, classifierForward, classifierBackward } = timesImages(
    planRun(config, { trainImages }).images,
    findObjective(method.kind)(objective => objective.passes(method as never, context)),
  )
  return denoiserForward + classifierForward.most + classifierBackward.most
}
