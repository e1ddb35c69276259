import { PlainHandle, type Session } from '../bridge'
import type { Dtype } from './apply'
import type { ImageDenoiserDescription } from './image-denoiser'
import { Denoiser, type DiffusionSchedule, descriptionOf, type ParameterDescription } from './modules'
import { pythonSpec, type Spec } from './spec'

/** A diffusion network whose weights are trained. It is in training mode (dropout). */
export class TrainableDenoiser extends Denoiser {
  constructor(
    session: Session,
    id: number,
    schedule: DiffusionSchedule,
    readonly description: ImageDenoiserDescription,
  ) {
    super(session, id, schedule)
  }

  /** How many numbers training changes. */
  get trainableParameters(): number {
    return this.description.parameters.reduce(
      (total, { shape }) => total + shape.reduce((product, size) => product * size, 1),
      0,
    )
  }

  /** Records taking over the weights that `save` wrote. Where the weights were from before stays what is told of them. */
  restore(folder: string): void {
    this.session.perform('restore_denoiser', [this], { folder })
  }
}

/** Loads a diffusion network to train it, or makes one with random weights. */
export async function loadTrainableDenoiser(
  session: Session,
  spec: Spec,
  { dtype = 'float32' }: { dtype?: Dtype } = {},
): Promise<TrainableDenoiser> {
  const handle = session.record('load_denoiser', [], {
    parameters: { spec: pythonSpec(spec), dtype },
    make: (owner, id) => new PlainHandle<never>(owner, id),
  })
  const schedule = await descriptionOf<DiffusionSchedule>('describe_denoiser', handle)
  const parameters = await descriptionOf<readonly ParameterDescription[]>('describe_parameters', handle)
  const description = { parameters, usesBatchStatistics: false, hasRunningStatistics: false }
  const denoiser = new TrainableDenoiser(session, handle.id, schedule, description)
  denoiser.makeTrainable()
  return denoiser
}
