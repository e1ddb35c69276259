import { z } from 'zod'
import { procedureSchema } from './certified/procedure-schema'
import { purifySchema } from './certified/purify-schema'
import { count, dtype, nonnegative, positive, seed } from './fields'

/** Settings of a certification. */

/** Which test images are certified. */
export const certifiedImagesSchema = z.union([
  z.literal('all'),
  z.strictObject({ first: count.describe('The first N images.') }),
  z.strictObject({ every: count.describe('The images 0, k, 2k, ... for this k.') }),
  z.strictObject({ random: count.describe('This many images, drawn with the seed.') }),
  z.strictObject({
    overClasses: count.describe(
      'At most this many images, drawn with the seed over the classes: as many of each, as far as there are.',
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
    'Votes come in multiples of this many: larger blocks stop later, and fill larger passes with fewer images. Default: 16, or ' +
      'the 64th part of batch if that is more.',
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
        'Radii at which an image is certified or not; its radius is the largest of them. sigma: 0, σ/2, σ and so on, up to 3.8 σ.',
      ),
    block,
    worth: positive
      .optional()
      .describe(
        'How many votes it is worth to certify an image at one more of the radii, as a multiple of n: a larger one takes more votes and ' +
          'loses fewer certificates. The guarantee is the same. Default 5.',
      ),
  }),
  z.strictObject({
    radius: positive.describe('The one radius at which an image is certified or not.'),
    rounds: z
      .array(count)
      .min(1)
      .optional()
      .describe(
        'Votes of each round, none more than n; each is drawn where the rounds before did not decide. Default: n and its tenth and ' +
          'hundredth part, as far as these have 100 votes.',
      ),
    beta: positive
      .lt(1)
      .default(1e-4)
      .describe('Probability that a radius is given up that holds, at most. Default 0.0001.'),
  }),
  z.strictObject({
    maxRadiusLoss: positive.describe('How much smaller than with n votes a radius may be expected to be.'),
    block,
  }),
])

/** Certification (CERTIFY of Cohen et al., 2019; Appendix E), with the smoothing of the settings. */
export const certificationSchema = z.strictObject({
  n0: count.default(100).describe('Noisy copies that choose the class. Default 100.'),
  n: count.default(100_000).describe('Fresh noisy copies that bound its probability. Default 100,000.'),
  alpha: positive.lt(1).default(0.001).describe('Probability of a wrong certificate. Default 0.001.'),
  confidence: z
    .enum(['clopper-pearson', 'randomised'])
    .default('clopper-pearson')
    .describe(
      'The lower bound of CERTIFY. randomised: of Stevens (1950), wrong with probability alpha and not less; it takes a uniform number ' +
        'for each image, which the seed decides and the log keeps. Default clopper-pearson.',
    ),
  procedure: procedureSchema
    .default({ kind: 'certify' })
    .describe('What is stated about an image, and how it follows from votes. Default: CERTIFY.'),
  adaptive: adaptive
    .default('none')
    .describe(
      'How an image may take less than n noisy copies, at the same alpha: it stops when every radius of a list is decided, ' +
        'goes through rounds of more and more votes until one radius is, or takes as many as its own radius needs. Default none.',
    ),
  noise: z
    .enum(['gaussian', 'discrete-gaussian', 'uniform', 'laplace'])
    .default('gaussian')
    .describe(
      'The noise that is drawn, of standard deviation σ. discrete-gaussian: rounded to whole steps of 1/255, on images that are so ' +
        'rounded, with bounds that no rounding makes too large; uniform: radii are of the ℓ1 norm; laplace, for PixelDP: so are its ' +
        'sizes. Default gaussian.',
    ),
  purify: purifySchema
    .default({ kind: 'once' })
    .describe(
      'How a noisy copy gets its vote: from one look of the classifier at the denoised copy, or as the majority of several. Default once.',
    ),
  batch: count
    .default(100)
    .describe(
      'Noisy copies in one forward pass; halved where memory runs out. No effect on the result but for rounding. Default 100.',
    ),
  images: certifiedImagesSchema
    .default('all')
    .describe('Test images to certify. Default all; of a folder 500, drawn over the classes.'),
  seed: seed.default(0).describe('Seed of the noise and of a drawn choice of images. Default 0.'),
  dtype: dtype
    .default('float32')
    .describe('Number type of the classifier; it is written into the log. Default float32.'),
  radiusSigma: z
    .enum(['nominal', 'min'])
    .default('nominal')
    .describe(
      'σ in the radius: nominal is that of the settings, min the smaller of it and what the timestep adds. Default nominal.',
    ),
  familyWise: z
    .boolean()
    .default(false)
    .describe(
      'Whether alpha is the probability that any of the certificates is wrong: each image then gets its part. Default false.',
    ),
  autocast: z
    .enum(['none', 'float16', 'bfloat16'])
    .default('none')
    .describe(
      'Number type that both networks compute in where torch knows that to be safe. The certificate is about the classifier ' +
        'as computed. Default none.',
    ),
  tf32: z
    .boolean()
    .default(false)
    .describe('Whether CUDA may round the factors of float32 products to TF32. Default false.'),
  channelsLast: z
    .boolean()
    .default(false)
    .describe('Whether the classifier keeps the channels of images last in memory. Default false.'),
  compile: z
    .boolean()
    .default(false)
    .describe('Whether torch.compile compiles both networks. Default false.'),
})
