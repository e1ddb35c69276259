import { z } from 'zod'
import { procedureSchema } from './certified/procedure-schema'
import { purifySchema } from './certified/purify-schema'
import { count, dtype, nonnegative, positive, seed } from './fields'

/** Settings of a certification. */

/** The test images to certify. */
export const certifiedImagesSchema = z.union([
  z.literal('all'),
  z.strictObject({ first: count.describe('The first N images.') }),
  z.strictObject({ every: count.describe('The images 0, k, 2k, ... for this k.') }),
  z.strictObject({ random: count.describe('This many images, drawn with the seed.') }),
  z.strictObject({
    overClasses: count.describe(
      'At most this many images, drawn with the seed: an equal number of each class, as far as available.',
    ),
  }),
  z.strictObject({ onePerClass: z.literal(true).describe('One image of each class, drawn with the seed.') }),
  z.strictObject({
    indices: z
      .array(z.int().nonnegative())
      .min(1)
      .refine(indices => new Set(indices).size === indices.length, { error: 'expected each image once' })
      .describe('These images, counted from 0.'),
  }),
])

const block = count
  .optional()
  .describe(
    'Votes come in multiples of this. Larger blocks stop later, and fill larger passes with fewer images. Default: 16, or a ' +
      '64th of batch if that is more.',
  )

const adaptive = z.union([
  z.literal('none'),
  z.strictObject({
    radii: z
      .union([
        z.literal('sigma'),
        z
          .array(nonnegative)
          .min(1)
          .refine(radii => radii.every((radius, index) => index === 0 || radius > (radii[index - 1] ?? 0)), {
            error: 'expected radii in ascending order',
          }),
      ])
      .describe(
        'Radii to decide, in ascending order; the certified radius is the largest that holds. sigma: 0, σ/2, σ and so on, up to 3.8 σ.',
      ),
    block,
    worth: positive
      .optional()
      .describe(
        'Value of certifying an image at one more of the radii, in multiples of n votes. A larger value spends more votes and loses ' +
          'fewer certificates, with the same guarantee. Default 5.',
      ),
  }),
  z.strictObject({
    radius: positive.describe('The only radius to decide.'),
    rounds: z
      .array(count)
      .min(1)
      .optional()
      .describe(
        'Votes of each round, none more than n. A round is drawn only if the previous ones did not decide. Default: n, a tenth and ' +
          'a hundredth of it, as far as these have 100 votes.',
      ),
    beta: positive
      .lt(1)
      .default(1e-4)
      .describe('Largest probability of giving up a radius that holds. Default 0.0001.'),
  }),
  z.strictObject({
    maxRadiusLoss: positive.describe('Largest expected loss of radius compared with n votes.'),
    block,
  }),
])

/** Certification (CERTIFY of Cohen et al., 2019; Appendix E) with the smoothing of the settings. */
export const certificationSchema = z.strictObject({
  n0: count.default(100).describe('Noisy copies that choose the class. Default 100.'),
  n: count.default(100_000).describe('Fresh noisy copies that bound its probability. Default 100,000.'),
  alpha: positive.lt(1).default(0.001).describe('Probability that a certificate is wrong. Default 0.001.'),
  confidence: z
    .enum(['clopper-pearson', 'randomised'])
    .default('clopper-pearson')
    .describe(
      'The lower bound of CERTIFY. randomised: the bound of Stevens (1950), wrong with probability exactly alpha; it needs a ' +
        'uniform number per image, which the seed determines and the log keeps. Default clopper-pearson.',
    ),
  procedure: procedureSchema
    .default({ kind: 'certify' })
    .describe('The statement about an image, and how votes decide it. Default: CERTIFY.'),
  adaptive: adaptive
    .default('none')
    .describe(
      'How to use fewer than n noisy copies per image at the same alpha: stop when every radius of a list is decided, draw rounds ' +
        'of increasing votes until one radius is decided, or use only as many as its own radius needs. Default none.',
    ),
  noise: z
    .enum(['gaussian', 'discrete-gaussian', 'uniform', 'laplace'])
    .default('gaussian')
    .describe(
      'The noise to draw, of standard deviation σ. discrete-gaussian: noise and images in whole steps of 1/255, with bounds that ' +
        'rounding cannot make too large; uniform: radii of the ℓ1 norm; laplace, for PixelDP: sizes of the ℓ1 norm. Default ' +
        'gaussian.',
    ),
  purify: purifySchema
    .default({ kind: 'once' })
    .describe(
      'How a noisy copy votes: from one look of the classifier at the denoised copy, or by the majority of several. Default once.',
    ),
  batch: count
    .default(100)
    .describe(
      'Noisy copies in one forward pass; halved if memory runs out. Changes the result only by rounding. Default 100.',
    ),
  images: certifiedImagesSchema
    .default('all')
    .describe('Test images to certify. Default all; for a folder 500, drawn over the classes.'),
  seed: seed.default(0).describe('Seed of the noise and of randomly chosen images. Default 0.'),
  dtype: dtype
    .default('float32')
    .describe('Number type of the classifier; recorded in the log. Default float32.'),
  radiusSigma: z
    .enum(['nominal', 'min'])
    .default('nominal')
    .describe(
      'σ in the radius: nominal is σ of the settings, min the smaller of it and the realised σ of the timestep. Default nominal.',
    ),
  familyWise: z
    .boolean()
    .default(false)
    .describe(
      'Whether alpha is the probability that any certificate is wrong: each image gets an equal share. Default false.',
    ),
  autocast: z
    .enum(['none', 'float16', 'bfloat16'])
    .default('none')
    .describe(
      'Number type of the operations of both networks that torch considers safe in it. The certificate holds for the classifier ' +
        'as computed. Default none.',
    ),
  tf32: z
    .boolean()
    .default(false)
    .describe('Whether CUDA may round the factors of float32 products to TF32. Default false.'),
  channelsLast: z
    .boolean()
    .default(false)
    .describe('Whether the classifier uses the channels-last memory layout. Default false.'),
  compile: z
    .boolean()
    .default(false)
    .describe('Whether torch.compile compiles both networks. Default false.'),
})
