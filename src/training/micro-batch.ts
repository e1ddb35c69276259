import { type ObjectiveOptions, objectiveOf, type UpdateLosses } from '../objectives/ft-cadis/compose'
import type { Inspection } from '../objectives/ft-cadis/inspect'
import type { Selection } from '../objectives/ft-cadis/select-images'
import { selectionTensors } from '../objectives/ft-cadis/selection-tensors'
import { type ClipOptions, generator, manualSeed, memoryNow, type Tensor } from '../torch'
import { backwardScaled } from './step-procedures'
import type { Trainee } from './trainee'
import {
  added,
  type Counts,
  countsOf,
  fromRanks,
  lossesOf,
  type MicroBatchSums,
  sumOverRanks,
  type UpdateSums,
} from './update-sums'

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

/** What the last micro-batch of an update finds out for the whole of it. */
export interface UpdateEnd extends UpdateSums {
  readonly stops: boolean
  readonly deviceBytes: number | null
}

/** One micro-batch of it. */
export interface MicroBatchPlan extends UpdatePlan {
  readonly microBatch: number
  readonly isLast: boolean
  /** What this process has counted in the update so far. */
  readonly earlier: readonly MicroBatchSums[]
}

/** Takes a micro-batch: one answer of Python to decide on, one with the losses. Gradients are added to those that there are. */
export async function trainMicroBatch(
  trainee: Trainee,
  plan: MicroBatchPlan,
): Promise<{ sums: MicroBatchSums; end: UpdateEnd | undefined }> {
  const { classifier, denoiser, loader, level, decidedBy } = trainee
  const { session } = classifier
  const { objective, microBatch, isLast } = plan
  const stream = [...plan.stream, microBatch]
  const inspection = session.scope(() => {
    // Dropout and stochastic depth draw from torch's own stream; named like this, it needs no saving and restoring.
    manualSeed(session, ...stream, 'modules')
    return trainee.procedures.inspect.call({
      ...{ classifier, denoiser, loader, decidedBy, level },
      noises: objective.noises,
      generator: generator(session, ...stream, 'noise'),
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
      const losses = recordLearning(trainee, inspection, { ...plan, selection })
      return { losses, end: isLast ? recordEnd(trainee, losses, { ...plan, counts }) : null }
    })
    const sums = { microBatch, ...lossesOf(found.losses), ...counts }
    if (found.end === null) return { sums, end: undefined }
    const { norms, overRanks, memory } = found.end
    return {
      sums,
      end: {
        ...(overRanks === null
          ? { sums: added([...plan.earlier, sums]), stops: plan.wantsStop?.() === true }
          : fromRanks(overRanks)),
        gradientNorm: norms.before,
        clippedGradientNorm: norms.after,
        deviceBytes: memory?.devicePeak ?? null,
      },
    }
  } finally {
    session.free(inspection)
  }
}

/** Records attack, losses and backward pass. A term of the caller's own may depend on anything: then all is recorded anew. */
function recordLearning(
  { classifier, lossTerm, procedures }: Trainee,
  inspection: Inspection,
  { selection, objective, imagesPerUpdate, lossScale }: UpdatePlan & { readonly selection: Selection },
): UpdateLosses {
  if (lossTerm === undefined) {
    const losses = procedures.learn.call({
      ...{ classifier, inspection, objective, imagesPerUpdate, lossScale },
      selection: selectionTensors(classifier, selection, objective),
    })
    return { ...losses, lossTerm: null }
  }
  const losses = objectiveOf(classifier, inspection, { ...objective, selection, imagesPerUpdate, lossTerm })
  backwardScaled(losses.total, lossScale)
  return losses
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
