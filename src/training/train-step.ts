import { NonFiniteLossError } from '../errors'
import type { NoiseLevel } from '../method/noise-level'
import { inspect, type ObjectiveOptions, objectiveOf } from '../method/objective'
import type { Selection, SelectionRule } from '../method/select-images'
import {
  backward,
  type Classifier,
  type ClipOptions,
  type Denoiser,
  generator,
  type Loader,
  manualSeed,
  type Optimizer,
} from '../torch'

/** What stays the same from update to update. */
export interface Trainee {
  readonly classifier: Classifier
  readonly denoiser: Denoiser
  readonly optimizer: Optimizer
  readonly loader: Loader
  readonly level: NoiseLevel
  readonly rule: SelectionRule
  /** The classifier that decides D_nh where that is not the trained one (Table 6). */
  readonly decidedBy?: Classifier | undefined
}

/** One optimizer update. */
export interface UpdatePlan {
  readonly objective: ObjectiveOptions
  /** How many batches of the loader the update takes. Their gradients are added up. */
  readonly microBatches: number
  readonly imagesPerUpdate: number
  readonly learningRates: readonly number[]
  readonly weightDecays: readonly number[]
  readonly clip: ClipOptions | null
  /** The name of this update's random streams: seed, epoch, number of the update. */
  readonly stream: readonly (string | number)[]
}

/** What one update reports: means over its images. */
export interface UpdateMetrics {
  /** Eq. 10. */
  readonly loss: number
  /** Eq. 8. */
  readonly selectiveCrossEntropy: number
  /** Eq. 9 with its mask, before λ. */
  readonly adversarial: number
  /** Share of denoised images that the deciding classifier gets right: non-hallucinated ones. */
  readonly keptShare: number
  /** Share of images with |D_nh| = M. */
  readonly allKeptShare: number
  /** Share of images that were attacked. */
  readonly attackedShare: number
  /** Global ℓ2 norm of the gradient before clipping. */
  readonly gradientNorm: number
}

/**
 * One optimizer update: for each micro-batch two answers of Python, one to decide on and one with the losses. The step
 * itself is only recorded, and travels with the program that follows: it is not taken when a number is not finite.
 *
 * @throws NonFiniteLossError before the step is taken; the weights are as they were
 */
export async function trainUpdate(trainee: Trainee, plan: UpdatePlan): Promise<UpdateMetrics> {
  const { optimizer } = trainee
  const { learningRates, weightDecays } = plan
  optimizer.setHyperparameters({ learningRates, weightDecays })
  let metrics: UpdateMetrics | undefined
  for (let microBatch = 0; microBatch < plan.microBatches; microBatch += 1) {
    const part = await trainMicroBatch(trainee, { ...plan, microBatch })
    metrics = metrics === undefined ? part : added(metrics, part)
  }
  if (metrics === undefined) throw new RangeError('An update takes at least one micro-batch.')
  const taken = isFiniteUpdate(metrics)
  if (taken) optimizer.step()
  optimizer.zeroGradients()
  if (!taken) throw nonFinite(metrics, plan)
  return metrics
}

async function trainMicroBatch(
  trainee: Trainee,
  plan: UpdatePlan & { microBatch: number },
): Promise<UpdateMetrics> {
  const { classifier, denoiser, optimizer, loader, level, decidedBy } = trainee
  const { session } = classifier
  const { objective, imagesPerUpdate, microBatch } = plan
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
    const { correct, crossEntropy } = await session.read({
      correct: inspection.correct_MB,
      crossEntropy: inspection.decidingCrossEntropy_MB,
    })
    const selection = trainee.rule(correct, crossEntropy)
    const isLast = microBatch === plan.microBatches - 1
    const sums = await session.compute(() => {
      const losses = objectiveOf(classifier, inspection, { ...objective, selection, imagesPerUpdate })
      backward(losses.total)
      if (!isLast) return { ...losses, gradientNorm: null }
      return {
        ...losses,
        gradientNorm: plan.clip === null ? optimizer.gradientNorm() : optimizer.clipGradients(plan.clip),
      }
    })
    return {
      loss: sums.total,
      selectiveCrossEntropy: sums.selectiveCrossEntropy / imagesPerUpdate,
      adversarial: (sums.adversarial ?? 0) / imagesPerUpdate,
      ...shares(selection, { noises: objective.noises, imagesPerUpdate }),
      gradientNorm: sums.gradientNorm ?? 0,
    }
  } finally {
    session.free(inspection)
  }
}

function shares(
  { nonHallucinated, attacked }: Selection,
  { noises, imagesPerUpdate }: { noises: number; imagesPerUpdate: number },
): Pick<UpdateMetrics, 'keptShare' | 'allKeptShare' | 'attackedShare'> {
  const kept = nonHallucinated.reduce((total, count) => total + count, 0)
  return {
    keptShare: kept / (noises * imagesPerUpdate),
    allKeptShare: nonHallucinated.filter(count => count === noises).length / imagesPerUpdate,
    attackedShare: attacked.length / imagesPerUpdate,
  }
}

function added(first: UpdateMetrics, second: UpdateMetrics): UpdateMetrics {
  const names = Object.keys(first) as (keyof UpdateMetrics)[]
  return Object.fromEntries(names.map(name => [name, first[name] + second[name]])) as unknown as UpdateMetrics
}

function isFiniteUpdate({ loss, gradientNorm }: UpdateMetrics): boolean {
  return Number.isFinite(loss) && Number.isFinite(gradientNorm)
}

function nonFinite(metrics: UpdateMetrics, { stream }: UpdatePlan): NonFiniteLossError {
  return new NonFiniteLossError(
    `Update ${stream.join('/')} has the loss ${metrics.loss} (selective cross-entropy ${metrics.selectiveCrossEntropy}, ` +
      `adversarial ${metrics.adversarial}) and the gradient norm ${metrics.gradientNorm}; its step was not taken.`,
    { remedy: 'Lower the learning rate, or look for damaged images.' },
  )
}
