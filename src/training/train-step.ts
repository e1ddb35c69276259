import type { NoiseLevel } from '../method/noise-level'
import {
  inspect,
  type LossTerm,
  type ObjectiveOptions,
  objectiveOf,
  type UpdateLosses,
} from '../method/objective'
import type { Selection, SelectionRule } from '../method/select-images'
import {
  add,
  backward,
  type Classifier,
  type ClipOptions,
  type Denoiser,
  generator,
  type Loader,
  manualSeed,
  memoryNow,
  mul,
  type Optimizer,
  type ProcessGroup,
  stack,
  type Tensor,
  tensor,
} from '../torch'
import type { UpdateMetrics } from './reports'

/** What stays the same from update to update. */
export interface Trainee {
  readonly classifier: Classifier
  readonly denoiser: Denoiser
  readonly optimizer: Optimizer
  readonly loader: Loader
  readonly level: NoiseLevel
  readonly rule: SelectionRule
  readonly lossTerm?: LossTerm | undefined
  /** The classifier that decides D_nh where that is not the trained one (Table 6). */
  readonly decidedBy?: Classifier | undefined
  /** The processes that share each update. */
  readonly group: ProcessGroup
}

/** One optimizer update. */
export interface UpdatePlan {
  readonly objective: ObjectiveOptions
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

/** Sums over the images of a micro-batch; the total is divided by the images of the update. */
export interface MicroBatchSums {
  /** Its number within the update, over all ranks. */
  readonly microBatch: number
  readonly total: number
  readonly selectiveCrossEntropy: number
  readonly adversarial: number
  readonly lossTerm: number
  readonly fooled: number
  readonly recognized: number
  readonly kept: number
  readonly allKept: number
  readonly attacked: number
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

/** What the last micro-batch of an update finds out for the whole of it. */
interface UpdateEnd {
  /** Over all micro-batches and ranks. */
  readonly sums: Sums
  readonly gradientNorm: number
  readonly clippedGradientNorm: number
  readonly stops: boolean
  readonly deviceBytes: number | null
}

type Sums = Omit<MicroBatchSums, 'microBatch'>

interface MicroBatchPlan extends UpdatePlan {
  readonly microBatch: number
  readonly isLast: boolean
  /** What this process has counted in the update so far. */
  readonly earlier: readonly MicroBatchSums[]
}

async function trainMicroBatch(
  trainee: Trainee,
  plan: MicroBatchPlan,
): Promise<{ sums: MicroBatchSums; end: UpdateEnd | undefined }> {
  const { classifier, denoiser, loader, level, decidedBy, lossTerm } = trainee
  const { session } = classifier
  const { objective, imagesPerUpdate, microBatch, lossScale, isLast } = plan
  const stream = [...plan.stream, microBatch]
  const inspection = session.scope(() => {
    // Dropout and stochastic depth draw from torch's own stream; named like this, it needs no saving and restoring.
    manualSeed(session, ...stream, 'modules')
    const noise = generator(session, ...stream, 'noise')
    return inspect({ classifier, denoiser }, loader.nextBatch(), {
      level,
      noises: objective.noises,
      generator: noise,
      decidedBy,
    })
  })
  try {
    const { correct, crossEntropy, recognized } = await session.read({
      correct: inspection.correct_MB,
      crossEntropy: inspection.decidingCrossEntropy_MB,
      recognized: inspection.recognized_MB,
    })
    const selection = trainee.rule(correct, crossEntropy)
    const counts = countsOf(selection, recognized)
    const found = await session.compute(() => {
      const losses = objectiveOf(classifier, inspection, {
        ...objective,
        selection,
        imagesPerUpdate,
        lossTerm,
      })
      backward(lossScale === 1 ? losses.total : mul(losses.total, lossScale))
      return { losses, end: isLast ? recordEnd(trainee, losses, { ...plan, counts }) : null }
    })
    const sums = { microBatch, ...lossesOf(found.losses), ...counts }
    if (found.end === null) return { sums, end: undefined }
    const { norms, overRanks, memory } = found.end
    return {
      sums,
      end: {
        sums: overRanks === null ? added([...plan.earlier, sums]) : fromVector(overRanks),
        stops: overRanks === null ? plan.wantsStop?.() === true : overRanks[SUMMED.length] !== 0,
        gradientNorm: norms.before,
        clippedGradientNorm: norms.after,
        deviceBytes: memory?.devicePeak ?? null,
      },
    }
  } finally {
    session.free(inspection)
  }
}

/** Records what follows the last backward pass: gradients over all ranks, their norms, sums over all ranks. */
function recordEnd(
  { optimizer, group, classifier }: Trainee,
  losses: UpdateLosses,
  { clip, lossScale, earlier, counts, wantsStop }: MicroBatchPlan & { counts: Counts },
) {
  const { session } = classifier
  group.allReduceGradients(optimizer)
  if (lossScale !== 1) optimizer.scaleGradients(1 / lossScale)
  const isShared = group.worldSize > 1
  return {
    norms: clip === null ? unclipped(optimizer.gradientNorm()) : optimizer.clipGradients(clip),
    overRanks: isShared
      ? sumOverRanks(group, losses, {
          known: added([...earlier, counts]),
          wantsStop: wantsStop?.() === true,
        })
      : null,
    memory: session.facts.device.startsWith('cuda') ? memoryNow(session) : null,
  }
}

function unclipped(norm: Tensor<''>) {
  return { before: norm, after: norm }
}

const LOSSES = ['total', 'selectiveCrossEntropy', 'adversarial', 'lossTerm', 'fooled'] as const
const COUNTS = ['recognized', 'kept', 'allKept', 'attacked'] as const
const SUMMED = [...LOSSES, ...COUNTS] as const

type Counts = Pick<Sums, (typeof COUNTS)[number]>

/** Records the sums of this process and of all others: {@link SUMMED} in order, then how many processes want to stop. */
function sumOverRanks(
  group: ProcessGroup,
  losses: UpdateLosses,
  { known, wantsStop }: { known: Sums; wantsStop: boolean },
): Tensor<'S'> {
  const { session } = losses.total
  const numbers = [...SUMMED.map(name => known[name]), wantsStop ? 1 : 0]
  const zero = tensor(session, 0, { axes: '' })
  const inFlight = numbers.map((_, index) => {
    const name = LOSSES[index]
    return (name === undefined ? null : losses[name]) ?? zero
  })
  const known_S = tensor(session, numbers, { axes: 'S', dtype: 'float64' })
  const [first = zero, ...others] = inFlight
  return group.allReduceSum(add(known_S, stack([first, ...others], { as: 'S' })))
}

function fromVector(values: readonly number[]): Sums {
  return Object.fromEntries(SUMMED.map((name, index) => [name, values[index] ?? Number.NaN])) as Sums
}

function countsOf(
  { nonHallucinated, attacked }: Selection,
  recognized: readonly (readonly boolean[])[],
): Counts {
  const noises = recognized.length
  return {
    recognized: recognized.reduce((total, row) => total + row.filter(Boolean).length, 0),
    kept: nonHallucinated.reduce((total, count) => total + count, 0),
    allKept: nonHallucinated.filter(count => count === noises).length,
    attacked: attacked.length,
  }
}

function lossesOf(losses: { readonly [name in (typeof LOSSES)[number]]: number | null }) {
  return Object.fromEntries(LOSSES.map(name => [name, losses[name] ?? 0])) as Pick<
    Sums,
    (typeof LOSSES)[number]
  >
}

function added(parts: readonly Partial<Sums>[]): Sums {
  return Object.fromEntries(
    SUMMED.map(name => [name, parts.reduce((total, part) => total + (part[name] ?? 0), 0)]),
  ) as Sums
}

function metricsOf(
  { sums, gradientNorm, clippedGradientNorm }: UpdateEnd,
  { imagesPerUpdate, noises }: { imagesPerUpdate: number; noises: number },
): UpdateMetrics {
  const denoisedImages = noises * imagesPerUpdate
  return {
    loss: sums.total,
    selectiveCrossEntropy: sums.selectiveCrossEntropy / imagesPerUpdate,
    adversarial: sums.adversarial / imagesPerUpdate,
    lossTerm: sums.lossTerm / imagesPerUpdate,
    keptShare: sums.kept / denoisedImages,
    allKeptShare: sums.allKept / imagesPerUpdate,
    denoisedAccuracy: sums.recognized / denoisedImages,
    attackedShare: sums.attacked / imagesPerUpdate,
    attackSuccess: sums.attacked === 0 ? null : sums.fooled / (noises * sums.attacked),
    gradientNorm,
    clippedGradientNorm,
  }
}
