import { PlainHandle } from '../../bridge'
import { makeTensor } from '../apply'
import { Classifier } from '../modules'
import { type Axes, Tensor } from '../tensor'

/**
 * Finds the convolution of a classifier that takes the image, for everything else in this file, and records its name.
 *
 * @param image_CHW - an image in [-1, 1], to try the network with
 * @throws ConfigError at the next read for a network that does not begin with a convolution, or looks at the image beside it
 */
export function findFirstLayer(classifier: Classifier, image_CHW: Tensor<'CHW'>): PlainHandle<string> {
  return classifier.session.record('find_first_layer', [classifier, image_CHW], {
    make: (session, id) => new PlainHandle<string>(session, id),
  })
}

/**
 * The rest of a classifier, from features of the first layer to logits. It shares the weights.
 *
 * @param options.imageShape - [C, H, W] of the images
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
 * What the first layer makes of images in [-1, 1]: channels and sides are then those of its features.
 *
 * @param images - in [-1, 1]; their last axes are C, H and W
 * @param options.exact - whether it is computed in float64 and then rounded. Default false.
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
 * How far features of the first layer move at most, in ℓ2, for each unit that an image in [-1, 1] moves: a proved bound, in
 * float64, of today's weights.
 *
 * @param options.imageShape - [C, H, W] of the images
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
 * Moves the weights of the first layer towards a sensitivity of 1 for pixels in [0, 1]: W ← (1 + β) W − β W Wᵀ W, this many times.
 *
 * @param options.imageShape - [C, H, W] of the images
 */
export function parsevalStep(
  classifier: Classifier,
  options: { readonly imageShape: readonly number[]; readonly beta: number; readonly loops: number },
): void {
  classifier.session.perform('parseval_step', [classifier], {
    ...{ image_shape: options.imageShape, beta: options.beta, loops: options.loops },
  })
}
