import type { Form } from '../objectives/objective'
import type { Place } from '../objectives/place'
import type { UpdateMetrics } from '../runs/reports'
import { add, type ClipOptions, memoryNow, stack, type Tensor, tensor } from '../torch'
import type { RecordedSums, StepSums } from './step-runner'
import type { TrainingState } from './training-state'

/** One optimizer update. */
export interface UpdatePlan {
  readonly place: Place
  /** The settings of the objective in force. */
  readonly settings: Form['settings']
  /** How many batches of the loader the update takes, over all ranks. Their gradients are added up. */
  readonly microBatches: number
  readonly imagesPerUpdate: number
  readonly learningRates: readonly number[]
  readonly weightDecays: readonly number[]
  readonly clip: ClipOptions | null
  /** What the loss is multiplied by while gradients are computed. */
  readonly lossScale: number
  /** The name of this update's random streams: seed, epoch, number of the update. */
  readonly stream: readonly (string | number)[]
  /** Asked at the end of the update: whether this process wants the run to stop after it. */
  readonly wantsStop?: (() => boolean) | undefined
}

/** The sums of one micro-batch, and its number within the update, over all ranks. */
export type MicroBatchSums = StepSums & { readonly microBatch: number }

/** How an update went. */
export interface UpdateOutcome {
  readonly metrics: UpdateMetrics
  /** Whether the optimizer step was taken: it is not where a loss, a gradient or a running statistic is not finite. */
  readonly taken: boolean
  /** The sums of this process's micro-batches, to find out which one is not finite. */
  readonly parts: readonly MicroBatchSums[]
  /** Whether any process wants the run to stop. */
  readonly stops: boolean
  readonly deviceBytes: number | null
}

/**
 * One optimizer update: for each micro-batch two answers of Python, one to decide on and one with the losses. The step
 * itself is only recorded, and travels with the program that follows: it is not taken when a number is not finite, and
 * parameters and running statistics are then as they were.
 *
 * Micro-batches are numbered over all ranks, and everything random is named by that number: the same update comes of one
 * process with many micro-batches and of many processes with one, but for the order in which sums are rounded.
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

/** Records what follows the last backward pass: gradients over all ranks, their norms, sums over all ranks. */
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
 * Records the sums over all processes, in the order of their names, then how many processes want to stop and how many
 * running statistics are not finite.
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

/** What {@link sumOverRanks} is read as. */
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
