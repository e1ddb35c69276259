import type { UpdateMetrics } from '../runs/reports'
import { trainMicroBatch, type UpdateEnd, type UpdatePlan } from './micro-batch'
import type { Trainee } from './trainee'
import { type MicroBatchSums, metricsOf } from './update-sums'

/** How an update went. */
export interface UpdateOutcome {
  readonly metrics: UpdateMetrics
  /** Whether the optimizer step was taken: it is not where a loss or a gradient is not finite. */
  readonly taken: boolean
  /** What the micro-batches of this process counted, each a sum over its images, to find out which one is at fault. */
  readonly parts: readonly MicroBatchSums[]
  /** Whether any process wants the run to stop. */
  readonly stops: boolean
  readonly deviceBytes: number | null
}

/**
 * One optimizer update: for each micro-batch two answers of Python, one to decide on and one with the losses. The step
 * itself is only recorded, and travels with the program that follows: it is not taken when a number is not finite, and
 * the weights are then as they were.
 *
 * Micro-batches are numbered over all ranks, and everything random is named by that number: the same update comes of one
 * process with many micro-batches and of many processes with one, but for the order in which sums are rounded.
 */
export async function trainUpdate(trainee: Trainee, plan: UpdatePlan): Promise<UpdateOutcome> {
  const { optimizer, group } = trainee
  const { learningRates, weightDecays, microBatches } = plan
  optimizer.setHyperparameters({ learningRates, weightDecays })
  const parts: MicroBatchSums[] = []
  let end: UpdateEnd | undefined
  for (let microBatch = group.rank; microBatch < microBatches; microBatch += group.worldSize) {
    const isLast = microBatch + group.worldSize >= microBatches
    const result = await trainMicroBatch(trainee, { ...plan, microBatch, isLast, earlier: parts })
    parts.push(result.sums)
    end = result.end
  }
  if (end === undefined) throw new RangeError('An update takes at least one micro-batch of every rank.')
  const metrics = metricsOf(end, { imagesPerUpdate: plan.imagesPerUpdate, noises: plan.objective.noises })
  const taken = Number.isFinite(metrics.loss) && Number.isFinite(metrics.gradientNorm)
  if (taken) optimizer.step()
  optimizer.zeroGradients()
  if (taken && trainee.classifier.description.usesBatchStatistics) group.averageBuffers(trainee.classifier)
  return { metrics, taken, parts, stops: end.stops, deviceBytes: end.deviceBytes }
}
