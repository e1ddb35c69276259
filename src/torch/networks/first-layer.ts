import { PlainHandle } from '../../bridge'
import { apply, makeTensor } from '../apply'
import { Classifier } from '../modules'
import { type Axes, Tensor } from '../tensor'

/**
 * Finds the first convolution of a classifier, for the other functions of this file, and records its name.
 *
 * @param image_CHW - an image in [-1, 1], to trace the network
 * @throws ConfigError at the next read if the network does not start with a convolution, or also uses the image elsewhere
 */
export function findFirstLayer(classifier: Classifier, image_CHW: Tensor<'CHW'>): PlainHandle<string> {
  return classifier.session.record('find_first_layer', [classifier, image_CHW], {
    make: (session, id) => new PlainHandle<string>(session, id),
  })
}

/**
 * Returns the rest of a classifier, from the features of the first layer to logits. It shares the weights.
 *
 * @param options - `imageShape`: [C, H, W] of the images
 */
export function restOf(
  classifier: Classifier,
  { imageShape }: { readonly imageShape: readonly number[] },
): Classifier {
  return classifier.session.record('after_first_layer', [classifier], {
    parameters: { image_shape: imageShape },
    make: (session, id) => new Classifier(session, id, classifier.description),
  })
}

/**
 * Returns the first layer's features of images in [-1, 1]; channels and sides become those of the features.
 *
 * @param images - in [-1, 1]; their last axes are C, H and W
 * @param options - `exact`: whether to compute in float64 and then round. Default false
 */
export function firstLayerFeatures<A extends Axes>(
  classifier: Classifier,
  images: Tensor<A>,
  { exact = false }: { readonly exact?: boolean } = {},
): Tensor<A> {
  return classifier.session.record('first_layer_features', [classifier, images], {
    parameters: { exact },
    make: makeTensor(images.axes),
  })
}

/**
 * Bounds how far features of the first layer move in ℓ2 per unit of change of an image in [-1, 1]: a proved bound, in float64, for the
 * current weights.
 *
 * @param options - `imageShape`: [C, H, W] of the images
 */
export function firstLayerSensitivity(
  classifier: Classifier,
  { imageShape }: { readonly imageShape: readonly number[] },
): Tensor<''> {
  return classifier.session.record('first_layer_sensitivity', [classifier], {
    parameters: { image_shape: imageShape },
    make: (owner, id) => new Tensor(owner, id, '' as const),
  })
}

/**
 * Moves the weights of the first layer towards a sensitivity of 1 for pixels in [0, 1]: repeats W ← (1 + β) W − β W Wᵀ W.
 *
 * @param options - `imageShape`: [C, H, W] of the images
 */
export function parsevalStep(
  classifier: Classifier,
  options: { readonly imageShape: readonly number[]; readonly beta: number; readonly loops: number },
): void {
  classifier.session.perform('parseval_step', [classifier], {
    ...{ image_shape: options.imageShape, beta: options.beta, loops: options.loops },
  })
}

/** Repeats W ← (1 + β) W − β W Wᵀ W for a matrix, which moves its singular values towards 1. */
export function parseval<A extends Axes>(
  matrix: Tensor<A>,
  options: { readonly beta: number; readonly loops: number },
): Tensor<A> {
  return apply('parseval', [matrix], {
    axes: matrix.axes,
    parameters: { beta: options.beta, loops: options.loops },
  })
}

/** Returns the largest singular value of a matrix. */
export function spectralNorm<A extends Axes>(matrix: Tensor<A>): Tensor<''> {
  return apply('spectral_norm', [matrix], { axes: '' })
}
