import { denoiserOf, ftCadis, type RunConfigOf, type RunStart, timesImages, torch } from '../../src'
import { formatPasses, formatPlan, formatSmoothing, whole } from './format'

/** Says, before the first update, what is about to be trained and how much work it is. */
export async function printStart(
  { networks: { classifier }, smoothing, plan }: RunStart,
  config: RunConfigOf<'ft-cadis'>,
): Promise<void> {
  const { session } = classifier
  const { denoiser: from } = config.smoothing
  const denoiser = denoiserOf(smoothing)
  const sizes = await session.compute(() => ({
    denoiser: denoiser && torch.networkBytes(denoiser),
    classifier: torch.networkBytes(classifier),
  }))
  const { device, deviceName, threads, torch: version } = session.info
  const passes = ftCadis.passes(config.method, {
    usesBatchStatistics: classifier.description.usesBatchStatistics,
    hasDenoiser: denoiser !== null,
  })
  const lines = [
    `device: ${device} (${deviceName}), ${threads} threads, torch ${version}`,
    ...(sizes.denoiser === null || from.source === 'none'
      ? []
      : [`denoiser: ${whole(sizes.denoiser.parameters)} parameters, ${from.dtype}`]),
    `classifier: ${whole(sizes.classifier.parameters)} parameters, of which ${whole(classifier.trainableParameters)} are trained`,
    formatSmoothing(smoothing),
    formatPlan(plan, config),
    formatPasses(timesImages(plan.updates * config.optimisation.imagesPerUpdate, passes)),
  ]
  console.log(lines.join('\n'))
}
