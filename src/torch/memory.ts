import { PlainHandle, type Session } from '../bridge'
import type { AnyDenoiser } from './image-denoiser'
import { type Classifier, describe } from './modules'

/** What memory networks take and machines have, in bytes. */

export interface MemoryNow {
  /** The most that Python has occupied on the host so far. */
  readonly hostPeak: number
  readonly hostFree: number
  /** The most that tensors have occupied on the device so far; null on the CPU. */
  readonly devicePeak: number | null
  readonly deviceFree: number | null
}

/** What Python has taken so far, and what is left to take. */
export function memoryNow(session: Session): PlainHandle<MemoryNow> {
  return session.record('memory_now', [], { make: (owner, id) => new PlainHandle<MemoryNow>(owner, id) })
}

export interface NetworkBytes {
  /** How many numbers the network computes with. */
  readonly parameters: number
  /** Bytes of parameters and buffers. */
  readonly weights: number
  /** Bytes of the parameters that are trained. */
  readonly trainable: number
}

/** The size of a network on its device. */
export function networkBytes(network: Classifier | AnyDenoiser): PlainHandle<NetworkBytes> {
  return describe<NetworkBytes>('network_bytes', network)
}

/** An estimate of what denoising this many images at once takes beside the weights. Nothing is computed. */
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
 * An estimate of what one micro-batch of training takes beside weights and optimizer: both graphs, the attack, the
 * gradients. Nothing is computed.
 *
 * @param images - How many go through the classifier at once, each noise counted.
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
