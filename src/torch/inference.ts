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
  /** Whether torch.compile compiles the network, at its first forward pass of each size. */
  readonly compile: boolean
}

/**
 * A classifier that computes as asked for: the classifier itself under another name if it does, else a copy.
 *
 * @throws ConfigError at the next read if it is to be compiled and no compiler is found
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
 * Compiles a network in place, or has it compute uncompiled again; throws as {@link inferenceCopy} does. It is compiled once
 * for each size of its passes, forward and backward, when that is first seen.
 */
export function compileNetwork(
  network: Classifier | AnyDenoiser,
  { compiled }: { readonly compiled: boolean },
): void {
  network.session.perform('compile_network', [network], { compiled })
}

/** What torch.compile has made of a network so far. */
export interface CompiledGraphs {
  /** 0 where it is not compiled. */
  readonly graphs: number
  /** Those whose sizes are not fixed; there should be none. */
  readonly symbolic: number
}

/** How many graphs of a network were compiled. */
export function compiledGraphs(network: Classifier | AnyDenoiser): PlainHandle<CompiledGraphs> {
  return network.session.record('compiled_graphs', [network], {
    make: (session, id) => new PlainHandle<CompiledGraphs>(session, id),
  })
}

/** Runs `body` with compiled networks computing as if they were not: for a few images, compiling takes too long. */
export function uncompiled<T>(session: Session, body: () => T): T {
  return session.inContext('uncompiled', [], body)
}

/** Number type of a network's parameters. */
export function networkDtype(network: Classifier | AnyDenoiser): PlainHandle<Dtype> {
  return network.session.record('network_dtype', [network], {
    make: (session, id) => new PlainHandle<Dtype>(session, id),
  })
}

/** Runs `body` with operations cast to a number type where that is safe; a classifier has its own autocast. */
export function autocasting<T>(session: Session, autocast: Autocast, body: () => T): T {
  if (autocast === 'none') return body()
  return session.inContext(`autocast_${autocast}`, [], body)
}
