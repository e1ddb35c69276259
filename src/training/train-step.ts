import type { Form } from '../objectives/objective'
import type { Place } from '../objectives/place'
import type { UpdateMetrics } from '../runs/reports'
import { add, type ClipOptions, memoryNow, stack, type Tensor, tensor } from '../torch'
import type { RecordedSums, StepSums } from './step-runner'
import type { TrainingState } from './training-state'

/** One optimizer update. */
export interface UpdatePlan {
  readonly place: Place
  /** The current settings of the objective. */
  readonly settings: Form['settings']
  /** Number of loader batches in the update, over all ranks. Their gradients are accumulated. */
  readonly microBatches: number
  readonly imagesPerUpdate: number
  readonly learningRates: readonly number[]
  readonly weightDecays: readonly number[]
  readonly clip: ClipOptions | null
  /** Factor of the loss during the backward pass. */
  readonly lossScale: number
  /** The name of this update's random streams: seed, epoch, number of the update. */
  readonly stream: readonly (string | number)[]
  /** Called at the end of the update: whether this process wants the run to stop after it. */
  readonly wantsStop?: (() => boolean) | undefined
}

/** The sums of one micro-batch, and its number within the update, over all ranks. */
export type MicroBatchSums = StepSums & { readonly microBatch: number }

/** The result of an update. */
export interface UpdateOutcome {
  readonly metrics: UpdateMetrics
  /** Whether the optimizer step was applied: not if a loss, a gradient or a running statistic is not finite. */
  readonly taken: boolean
  /** The sums of this process's micro-batches, to find one that is not finite. */
  readonly parts: readonly MicroBatchSums[]
  /** Whether any process wants the run to stop. */
  readonly stops: boolean
  readonly deviceBytes: number | null
}

/**
 * Runs one optimizer update, with two replies from Python per micro-batch: one for the decision and one with the losses. The step itself is
 * only recorded, and sent with the next program. It is skipped if a number is not finite; parameters and running statistics then stay
 * unchanged.
 *
 * Micro-batches are numbered over all ranks, and all randomness is named by that number. So one process with many micro-batches and many
 * processes with one give the same update, except for the order in which sums are rounded.
 */
export async function trainUpdate(state: TrainingState, plan: UpdatePlan): Promise<UpdateOutcome> {
  const { optimizer, statistics, averaged, group, steps } = state
  const { learningRates, weightDecays, microBatches, imagesPerUpdate, settings } = plan
  optimizer.setHyperparameters({ learningRates, weightDecays })
  statistics?.beginUpdate()
  const parts: MicroBatchSums[] = []
  let end: Awaited<ReturnType<typeof trainMicroBatch>>['end'] = null
  for (let microBatch = group.rank; microBatch < microBatches; microBatch += group.worldSize) {
    const isLast = microBatch + group.worldSize >= microBatches
    const result = await trainMicroBatch(state, plan, { microBatch, isLast, earlier: parts })
    parts.push({ microBatch, ...result.sums })
    end = result.end
  }
  if (end === null) throw new RangeError('An update takes at least one micro-batch of every rank.')
  const { norms, overRanks, memory } = end
  const { sums, stops, nonFinite } =
    overRanks === null
      ? {
          sums: addUp(steps.sums, parts),
          stops: plan.wantsStop?.() === true,
          nonFinite: end.nonFinite[0] ?? 0,
        }
      : fromRanks(steps.sums, overRanks)
  const metrics: UpdateMetrics = {
    loss: sums.total ?? Number.NaN,
    lossTerm: (sums.lossTerm ?? 0) / imagesPerUpdate,
    gradientNorm: norms.before,
    clippedGradientNorm: norms.after,
    metrics: steps.metricsOf(sums, { images: imagesPerUpdate, settings }),
  }
  const taken = Number.isFinite(metrics.loss) && Number.isFinite(metrics.gradientNorm) && nonFinite === 0
  if (taken) {
    optimizer.step()
    steps.afterStep(settings)
    averaged?.average.update()
  }
  optimizer.zeroGradients()
  if (taken && statistics !== null) {
    group.allReduceStatistics(statistics)
    statistics.apply({ microBatches })
  }
  return { metrics, taken, parts, stops, deviceBytes: memory?.devicePeak ?? null }
}

function trainMicroBatch(
  state: TrainingState,
  { place, settings, imagesPerUpdate, lossScale, ...plan }: UpdatePlan,
  {
    microBatch,
    isLast,
    earlier,
  }: { microBatch: number; isLast: boolean; earlier: readonly MicroBatchSums[] },
) {
  return state.steps.microBatch(
    {
      ...{ place, settings, imagesPerUpdate, lossScale },
      stream: [...plan.stream, microBatch],
    },
    (recorded, counted) => {
      state.statistics?.endMicroBatch()
      return isLast ? recordEnd(state, recorded, { ...plan, lossScale, known: [...earlier, counted] }) : null
    },
  )
}

/** Records the operations after the last backward pass: gradients over all ranks, their norms, sums over all ranks. */
function recordEnd(
  { optimizer, statistics, group, networks, steps }: TrainingState,
  recorded: RecordedSums,
  {
    clip,
    lossScale,
    known,
    wantsStop,
  }: Pick<UpdatePlan, 'clip' | 'lossScale' | 'wantsStop'> & { readonly known: readonly StepSums[] },
) {
  const { session } = networks.classifier
  group.allReduceGradients(optimizer)
  if (lossScale !== 1) optimizer.scaleGradients(1 / lossScale)
  const isShared = group.worldSize > 1
  const nonFinite = statistics === null ? [] : [statistics.nonFinite()]
  return {
    norms: clip === null ? unclipped(optimizer.gradientNorm()) : optimizer.clipGradients(clip),
    overRanks: isShared
      ? sumOverRanks(group, recorded, {
          names: steps.sums,
          known: addUp(steps.sums, known),
          wantsStop: wantsStop?.() === true,
          nonFinite: nonFinite[0],
        })
      : null,
    nonFinite: isShared ? [] : nonFinite,
    memory: session.info.device.startsWith('cuda') ? memoryNow(session) : null,
  }
}

/**
 * Records the sums over all processes in name order, then the numbers of processes that want to stop and of running statistics that are not
 * finite.
 */
function sumOverRanks(
  group: TrainingState['group'],
  recorded: RecordedSums,
  {
    names,
    known,
    wantsStop,
    nonFinite,
  }: {
    readonly names: readonly string[]
    readonly known: StepSums
    readonly wantsStop: boolean
    readonly nonFinite: Tensor<''> | undefined
  },
): Tensor<'S'> {
  const { session } = recorded.total
  const zero = tensor(session, 0, { axes: '' })
  const numbers = [...names.map(name => known[name] ?? 0), wantsStop ? 1 : 0, 0]
  const known_S = tensor(session, numbers, { axes: 'S', dtype: 'float64' })
  const [first = zero, ...others] = [...names.map(name => recorded[name] ?? zero), zero, nonFinite ?? zero]
  return group.allReduceSum(add(known_S, stack([first, ...others], { as: 'S' })))
}

/** Converts the values read from {@link sumOverRanks}. */
function fromRanks(
  names: readonly string[],
  values: readonly number[],
): { sums: StepSums; stops: boolean; nonFinite: number } {
  return {
    sums: Object.fromEntries(names.map((name, index) => [name, values[index] ?? Number.NaN])),
    stops: values[names.length] !== 0,
    nonFinite: values[names.length + 1] ?? 0,
  }
}

function addUp(names: readonly string[], parts: readonly StepSums[]): StepSums {
  return Object.fromEntries(
    names.map(name => [name, parts.reduce((total, part) => total + (part[name] ?? 0), 0)]),
  )
}

function unclipped(norm: Tensor<''>) {
  return { before: norm, after: norm }
}
