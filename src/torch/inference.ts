import { PlainHandle, type Session } from '../bridge'
import type { Dtype } from './apply'
import type { AnyDenoiser } from './image-denoiser'
import { Classifier } from './modules'

/** How networks compute when they run many forward passes and no backward pass. */

/** Number types that networks may be cast to, for operations that torch considers safe. */
export type Autocast = 'none' | 'float16' | 'bfloat16'

export interface InferenceOptions {
  /** Number type of the parameters. */
  readonly dtype: Dtype
  readonly autocast: Autocast
  /** Whether images use the channels-last memory format, which can speed up convolutions. */
  readonly channelsLast: boolean
  /** Whether torch.compile compiles the network, on its first forward pass of each size. */
  readonly compile: boolean
}

/**
 * Returns a classifier with the given precision: a second name for the same classifier if it has that precision already, else a copy.
 *
 * @throws ConfigError at the next read if compiling is requested and no compiler is found
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

/**
 * Compiles a network in place, or makes it compute uncompiled again; throws as {@link inferenceCopy} does. Compiles once for each new size
 * of its passes, forward and backward.
 */
export function compileNetwork(
  network: Classifier | AnyDenoiser,
  { compiled }: { readonly compiled: boolean },
): void {
  network.session.perform('compile_network', [network], { compiled })
}

/** The graphs that torch.compile has made of a network so far. */
export interface CompiledGraphs {
  /** 0 if it is not compiled. */
  readonly graphs: number
  /** Graphs with dynamic sizes; there should be none. */
  readonly symbolic: number
}

/** Returns the number of compiled graphs of a network. */
export function compiledGraphs(network: Classifier | AnyDenoiser): PlainHandle<CompiledGraphs> {
  return network.session.record('compiled_graphs', [network], {
    make: (session, id) => new PlainHandle<CompiledGraphs>(session, id),
  })
}

/** Runs `body` with compiled networks computing uncompiled: for a few images, compiling takes too long. */
export function uncompiled<T>(session: Session, body: () => T): T {
  return session.inContext('uncompiled', [], body)
}

/** Returns the number type of a network's parameters. */
export function networkDtype(network: Classifier | AnyDenoiser): PlainHandle<Dtype> {
  return network.session.record('network_dtype', [network], {
    make: (session, id) => new PlainHandle<Dtype>(session, id),
  })
}

/** Runs `body` with operations autocast to a number type where torch considers it safe; a classifier has its own autocast. */
export function autocasting<T>(session: Session, autocast: Autocast, body: () => T): T {
  if (autocast === 'none') return body()
  return session.inContext(`autocast_${autocast}`, [], body)
}
