import { type Generator, generator, randnLike, type Tensor } from '../torch'
import type { GivenContext } from './objective'

/** The stream of draws that replace gradients of exactly 0. */
export interface AttackNoise {
  readonly attackNoise: Generator
}

/** Names the stream of an attack in a micro-batch. */
export function attackNoise({ networks, stream }: Pick<GivenContext, 'networks' | 'stream'>): AttackNoise {
  return { attackNoise: generator(networks.classifier.session, ...stream, 'attack') }
}

/** Draws standard normal numbers from the stream, in the shape of a gradient. */
export function drawnFrom({ attackNoise }: AttackNoise): (like_BCHW: Tensor<'BCHW'>) => Tensor<'BCHW'> {
  return like_BCHW => randnLike(like_BCHW, attackNoise)
}
