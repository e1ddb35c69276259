import { type RunConfig, type RunStart, torch, trainingPasses } from '../../src'
import { formatLevel, formatPasses, formatPlan, whole } from './format'

/** Says, before the first update, what is about to be trained and how much work it is. */
export async function printStart(
  { classifier, denoiser, level, plan }: RunStart,
  config: RunConfig,
): Promise<void> {
  const { session } = classifier
  const sizes = await session.compute(() => ({
    denoiser: torch.networkBytes(denoiser),
    classifier: torch.networkBytes(classifier),
  }))
  const { device, deviceName, threads, torch: version } = session.facts
  const passes = trainingPasses(config, {
    images: plan.updates * config.optimisation.imagesPerUpdate,
    attacksWholeBatch: classifier.description.usesBatchStatistics,
  })
  const lines = [
    `device: ${device} (${deviceName}), ${threads} threads, torch ${version}`,
    `denoiser: ${whole(sizes.denoiser.parameters)} parameters, ${config.denoiser.dtype}`,
    `classifier: ${whole(sizes.classifier.parameters)} parameters, of which ${whole(classifier.trainableParameters)} are trained`,
    formatLevel(level),
    formatPlan(plan, config),
    formatPasses(passes),
  ]
  console.log(lines.join('\n'))
}
