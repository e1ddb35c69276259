import { PlainHandle, type Session } from '../bridge'
import type { AnyDenoiser } from './image-denoiser'
import { type Classifier, describe } from './modules'

/** Memory that networks need and machines have, in bytes. */

export interface MemoryNow {
  /** Peak memory of Python on the host so far. */
  readonly hostPeak: number
  readonly hostFree: number
  /** Peak memory of tensors on the device so far; null on the CPU. */
  readonly devicePeak: number | null
  readonly deviceFree: number | null
}

/** Returns the memory that Python has used so far, and the memory still available. */
export function memoryNow(session: Session): PlainHandle<MemoryNow> {
  return session.record('memory_now', [], { make: (owner, id) => new PlainHandle<MemoryNow>(owner, id) })
}

export interface NetworkBytes {
  /** Number of parameters that the network computes with. */
  readonly parameters: number
  /** Bytes of parameters and buffers. */
  readonly weights: number
  /** Bytes of the trainable parameters. */
  readonly trainable: number
}

/** Returns the size of a network on its device. */
export function networkBytes(network: Classifier | AnyDenoiser): PlainHandle<NetworkBytes> {
  return describe<NetworkBytes>('network_bytes', network)
}

/** Estimates the memory for denoising this many images at once, without the weights. Runs no computation. */
export function denoisingPeak(
  denoiser: AnyDenoiser,
  { imageShape, images }: { imageShape: readonly number[]; images: number },
): PlainHandle<number> {
  return denoiser.session.record('denoising_peak', [denoiser], {
    parameters: { image_shape: imageShape, images },
    make: (session, id) => new PlainHandle<number>(session, id),
  })
}

/**
 * Estimates the memory of one training micro-batch without weights and optimizer: both graphs, the attack, the gradients. Runs no
 * computation.
 *
 * @param images - Images per pass of the classifier, counting each noise.
 */
export function trainingPeak(
  network: Classifier | AnyDenoiser,
  { imageShape, images, attacked }: { imageShape: readonly number[]; images: number; attacked: number },
): PlainHandle<number> {
  return network.session.record('training_peak', [network], {
    parameters: { image_shape: imageShape, images, attacked },
    make: (session, id) => new PlainHandle<number>(session, id),
  })
}
