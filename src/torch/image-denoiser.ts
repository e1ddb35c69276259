import { Handle, PlainHandle, type Session } from '../bridge'
import { descriptionOf, type ParameterDescription } from './modules'
import type { Dtype } from './operations'
import { pythonSpec, type Spec } from './spec'
import { Tensor } from './tensor'

export interface ImageDenoiserDescription {
  readonly parameters: readonly ParameterDescription[]
  /** Whether training mode mixes the images of a batch (batch normalisation). */
  readonly usesBatchStatistics: boolean
  /** Whether training mode moves buffers (running statistics). */
  readonly hasRunningStatistics: boolean
}

/** A network that makes a clean image of a noisy one. It is in evaluation mode outside of {@link ImageDenoiser.training}. */
export class ImageDenoiser extends Handle<never> {
  constructor(
    session: Session,
    id: number,
    readonly description: ImageDenoiserDescription,
  ) {
    super(session, id)
  }

  /** The clean images that it finds behind noisy ones, all in [-1, 1]; differentiable in the images too. */
  clean(noisy_NCHW: Tensor<'NCHW'>): Tensor<'NCHW'> {
    return this.session.record('clean_images', [this, noisy_NCHW], {
      make: (session, id) => new Tensor(session, id, 'NCHW' as const),
    })
  }

  /** Runs `body` in training mode (batch statistics). */
  training<T>(body: () => T): T {
    return this.session.inContext('training', [this], body)
  }
}

/** Loads a denoiser of images, or makes one with random weights. */
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
