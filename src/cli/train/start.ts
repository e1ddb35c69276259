import type { RunConfig } from '../../config/schema'
import { findObjective } from '../../objectives/registry'
import { timesImages } from '../../runs/plan-run'
import type { RunStart } from '../../runs/reports'
import { denoiserOf } from '../../smoothing/smoothing'
import { print } from '../../terminal/print'
import { networkBytes } from '../../torch'
import { formatPasses, formatPlan, formatSmoothing, whole } from './format'

/** Prints, before the first update, the planned training and its amount of work. */
export async function printStart(
  { networks: { classifier, members, denoiser: trained }, smoothing, plan }: RunStart,
  config: RunConfig,
): Promise<void> {
  const { session } = classifier
  const { denoiser: from } = config.smoothing
  const denoiser = denoiserOf(smoothing)
  const sizes = await session.compute(() => ({
    denoiser: denoiser && networkBytes(denoiser),
    classifier: networkBytes(classifier),
  }))
  const { device, deviceName, threads, torch: version } = session.info
  const { usesBatchStatistics } = classifier.description
  const passes = findObjective(config.method.kind)(objective =>
    objective.passes(config.method as never, { usesBatchStatistics, hasDenoiser: denoiser !== null }),
  )
  const lines = [
    `device: ${device} (${deviceName}), ${threads} threads, torch ${version}`,
    ...(sizes.denoiser === null || from.source === 'none'
      ? []
      : [`denoiser: ${whole(sizes.denoiser.parameters)} parameters, ${from.dtype}`]),
    config.classifier.source === 'none'
      ? 'classifier: none, so no accuracy is measured'
      : `${members === undefined ? 'classifier' : `${members.length} classifiers, each`}: ${whole(sizes.classifier.parameters)} parameters, of which ${whole(classifier.trainableParameters)} are trained`,
    ...(trained === undefined
      ? []
      : [`trained: the denoiser, ${whole(sizes.denoiser?.parameters ?? 0)} parameters`]),
    formatSmoothing(smoothing),
    formatPlan(plan, config),
    formatPasses(timesImages(plan.images, passes)),
  ]
  print(lines.join('\n'))
}
