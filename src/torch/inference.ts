import { PlainHandle, type Session } from '../bridge'
import type { Dtype } from './apply'
import type { AnyDenoiser } from './image-denoiser'
import { Classifier } from './modules'

/** How networks compute where many forward passes are wanted and no backward one. */

/** Number types that networks may be cast to where torch knows that to be safe. */
export type Autocast = 'none' | 'float16' | 'bfloat16'

export interface InferenceOptions {
  /** Number type of the parameters. */
  readonly dtype: Dtype
  readonly autocast: Autocast
  /** Whether images are kept with their channels last in memory, which convolutions may be faster with. */
  readonly channelsLast: boolean
  /** Whether torch.compile compiles the network, at its first forward pass. */
  readonly compile: boolean
}

/**
 * A classifier that computes as asked for: the classifier itself under another name if it does, else a copy.
 *
 * @throws ConfigError at the next read if it is to be compiled and there is no compiler
 */
export function inferenceCopy(
  classifier: Classifier,
  { dtype, autocast, channelsLast, compile }: InferenceOptions,
): Classifier {
  return classifier.session.record('inference_copy', [classifier], {
    parameters: { dtype, autocast, channels_last: channelsLast, compiled: compile },
    make: (session, id) => new Classifier(session, id, classifier.description),
  })
}

/** Compiles a denoiser in place, or has it compute uncompiled again; throws as {@link inferenceCopy} does. */
export function compileDenoiser(denoiser: AnyDenoiser, { compiled }: { readonly compiled: boolean }): void {
  denoiser.session.perform('compile_denoiser', [denoiser], { compiled })
}

/** Number type of a network's parameters. */
export function networkDtype(network: Classifier | AnyDenoiser): PlainHandle<Dtype> {
  return network.session.record('network_dtype', [network], {
    make: (session, id) => new PlainHandle<Dtype>(session, id),
  })
}

/** Runs `body` with operations cast to a number type where that is safe; a classifier has an autocast of its own. */
export function autocasting<T>(session: Session, autocast: Autocast, body: () => T): T {
  if (autocast === 'none') return body()
  return session.inContext(`autocast_${autocast}`, [], body)
}
