import { Handle, PlainHandle, type Session } from '../bridge'
import type { Dtype } from './apply'
import {
  countTrainable,
  Denoiser,
  type DiffusionSchedule,
  descriptionOf,
  loadedDenoiser,
  type ParameterDescription,
} from './modules'
import { pythonSpec, type Spec } from './spec'
import { Tensor } from './tensor'

export interface ImageDenoiserDescription {
  readonly parameters: readonly ParameterDescription[]
  /** Whether training mode mixes the images of a batch (batch normalisation). */
  readonly usesBatchStatistics: boolean
  /** Whether training mode moves buffers (running statistics). */
  readonly hasRunningStatistics: boolean
}

/** A network from noisy to clean images. It is in evaluation mode outside of {@link ImageDenoiser.training}. */
export class ImageDenoiser extends Handle<never> {
  constructor(
    session: Session,
    id: number,
    readonly description: ImageDenoiserDescription,
  ) {
    super(session, id)
  }

  /** Returns the network's estimates of the clean images, all in [-1, 1]; differentiable in the images too. */
  clean(noisy_NCHW: Tensor<'NCHW'>): Tensor<'NCHW'> {
    return this.session.record('clean_images', [this, noisy_NCHW], {
      make: (session, id) => new Tensor(session, id, 'NCHW' as const),
    })
  }

  /** Number of trainable parameters. */
  get trainableParameters(): number {
    return countTrainable(this.description)
  }

  /** Makes every parameter trainable. */
  makeTrainable(): void {
    this.session.perform('make_trainable', [this])
  }

  /** Records loading the weights that {@link save} wrote. The recorded provenance stays that of the original weights. */
  restore(folder: string): void {
    this.session.perform('restore_image_denoiser', [this], { folder })
  }

  /** Writes the weights as safetensors, under the names of the published checkpoints. */
  async save(folder: string): Promise<void> {
    this.session.perform('save_image_denoiser', [this], { folder })
    await this.session.flush()
  }

  /** Runs `body` in training mode (batch statistics). */
  training<T>(body: () => T): T {
    return this.session.inContext('training', [this], body)
  }
}

/** A network in front of a classifier: a diffusion model that predicts noise, or a network that returns clean images. */
export type AnyDenoiser = Denoiser | ImageDenoiser

/** Loads a denoiser of images, or creates one with random weights. */
export async function loadImageDenoiser(
  session: Session,
  spec: Spec,
  { dtype = 'float32' }: { dtype?: Dtype } = {},
): Promise<ImageDenoiser> {
  const handle = session.record('load_denoiser', [], {
    parameters: { spec: pythonSpec(spec), dtype },
    make: (owner, id) => new PlainHandle<never>(owner, id),
  })
  const description = await descriptionOf<ImageDenoiserDescription>('describe_image_denoiser', handle)
  return new ImageDenoiser(session, handle.id, description)
}

/** A diffusion network with trainable weights. It is in training mode (dropout). */
export class TrainableDenoiser extends Denoiser {
  constructor(
    session: Session,
    id: number,
    schedule: DiffusionSchedule,
    readonly description: ImageDenoiserDescription,
  ) {
    super(session, id, schedule)
  }

  /** Number of trainable parameters. */
  get trainableParameters(): number {
    return countTrainable(this.description)
  }

  /** Records loading the weights that `save` wrote. The recorded provenance stays that of the original weights. */
  restore(folder: string): void {
    this.session.perform('restore_denoiser', [this], { folder })
  }
}

/** Loads a diffusion network for training, or creates one with random weights. */
export async function loadTrainableDenoiser(
  session: Session,
  spec: Spec,
  { dtype = 'float32' }: { dtype?: Dtype } = {},
): Promise<TrainableDenoiser> {
  const { handle, schedule } = await loadedDenoiser(session, spec, { dtype })
  const parameters = await descriptionOf<readonly ParameterDescription[]>('describe_parameters', handle)
  const description = { parameters, usesBatchStatistics: false, hasRunningStatistics: false }
  const denoiser = new TrainableDenoiser(session, handle.id, schedule, description)
  denoiser.makeTrainable()
  return denoiser
}
