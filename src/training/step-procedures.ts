import type { Session } from '../bridge'
import { type AttackLosses, attackLosses, type ObjectiveOptions } from '../objectives/ft-cadis/compose'
import { type Inspection, inspect } from '../objectives/ft-cadis/inspect'
import type { SelectionTensors } from '../objectives/ft-cadis/selection-tensors'
import type { NoiseLevel } from '../smoothing/noise-level'
import {
  backward,
  type Classifier,
  type Denoiser,
  type Generator,
  type Loader,
  mul,
  type Tensor,
} from '../torch'

/**
 * What is the same in every micro-batch but for its numbers: recorded and sent once. The second half is recorded for
 * each set of options, and without an attack where no image is attacked.
 */
export type StepProcedures = ReturnType<typeof stepProcedures>

export function stepProcedures(session: Session) {
  return { inspect: session.procedure(inspectNext), learn: session.procedure(learn) }
}

export interface InspectNextInputs {
  readonly classifier: Classifier
  readonly denoiser: Denoiser
  readonly loader: Loader
  readonly decidedBy: Classifier | undefined
  readonly generator: Generator
  readonly level: NoiseLevel
  readonly noises: number
}

/** The first half of Algorithm 1 on the loader's next batch. */
function inspectNext({ classifier, denoiser, loader, ...options }: InspectNextInputs): Inspection {
  return inspect({ classifier, denoiser }, loader.nextBatch(), options)
}

export interface LearnInputs {
  readonly classifier: Classifier
  readonly inspection: Inspection
  readonly selection: SelectionTensors
  readonly objective: ObjectiveOptions
  readonly imagesPerUpdate: number
  readonly lossScale: number
}

/** The second half, and its gradients, added to those that there are. */
function learn({ classifier, inspection, selection, objective, ...options }: LearnInputs): AttackLosses {
  const { imagesPerUpdate, lossScale } = options
  const { losses } = attackLosses(classifier, inspection, { ...objective, ...selection, imagesPerUpdate })
  backwardScaled(losses.total, lossScale)
  return losses
}

/** Goes backward from a loss times a scale, which keeps small gradients of float16 from vanishing. */
export function backwardScaled(total: Tensor<''>, lossScale: number): void {
  backward(lossScale === 1 ? total : mul(total, lossScale))
}
