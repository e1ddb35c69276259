import { z } from 'zod'
import type { ServiceLimits } from './limits'

/** What a request may ask for. Values come as text, from the address or from fields of a form. */
export function optionsSchema({
  mostVotes,
  allowsSeed,
}: Pick<ServiceLimits, 'mostVotes'> & { readonly allowsSeed: boolean }): z.ZodType<RequestOptions> {
  const options = z.strictObject({
    alpha: z.coerce
      .number()
      .gt(0)
      .max(0.5)
      .optional()
      .describe('Probability of a wrong answer, at most. Default: of the service.'),
    n: z.coerce
      .number()
      .int()
      .min(1)
      .max(mostVotes)
      .optional()
      .describe(
        `Noisy copies that bound the probability of the class, at most ${mostVotes}. Default: of the service.`,
      ),
    radius: z.coerce
      .number()
      .gt(0)
      .max(1000)
      .optional()
      .describe(
        'The one ℓ2 radius to decide, for pixels in [0, 1]: answered as soon as it is decided, from at most n copies in a round.',
      ),
  })
  if (!allowsSeed) return options
  const seed = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional()
  return options.extend({
    seed: seed.describe('Seed of the noise. Without it one is drawn, as the guarantee takes it.'),
  })
}

/** What a request asks for. */
export interface RequestOptions {
  readonly alpha?: number | undefined
  readonly n?: number | undefined
  readonly radius?: number | undefined
  readonly seed?: number | undefined
}

export const answerSchema = z.object({
  kind: z.literal('answer'),
  verdict: z
    .enum(['certified', 'predicted', 'abstained'])
    .describe(
      'certified: the class, within the radius. predicted: the class, of the image alone. abstained: the votes do not tell.',
    ),
  class: z.int().nullable().describe('Null where it abstains.'),
  className: z.string().nullable().describe('Null where it abstains.'),
  radius: z
    .number()
    .describe('ℓ2, for pixels in [0, 1], within which the class is the same; 0 unless certified.'),
  atRadius: z
    .enum(['certified', 'refused', 'undecided'])
    .nullable()
    .describe('Whether the one radius that was asked about is certified; null where none was.'),
  lowerBound: z.number().describe('Of the probability of topClass under the noise.'),
  pValue: z
    .number()
    .nullable()
    .describe(
      'Of "the two leading classes are equally likely", two-sided; null where one radius was asked about.',
    ),
  topClass: z.int(),
  topClassName: z.string(),
  topCount: z.int(),
  runnerUp: z.int(),
  runnerUpCount: z.int(),
  votes: z.array(z.int()).describe('By class. They add up to n.'),
  n: z.int().describe('Noisy copies that the bound is from.'),
  copies: z.int().describe('All noisy copies that were drawn.'),
  alpha: z.number().describe('Probability that this answer is wrong, at most; of this request alone.'),
  seed: z.int().describe('Of the noise, drawn after the image had arrived unless seedIsGiven.'),
  seedIsGiven: z.boolean(),
  sigma: z.number().describe('Of the noise, for pixels in [0, 1].'),
  digest: z.string().describe('SHA-256 of the configuration: networks, σ, how images are cropped.'),
  pythonRestarted: z.boolean().describe('Whether Python had to be started again for this answer.'),
})

export type ServiceAnswer = z.output<typeof answerSchema>

export const refusalSchema = z.object({
  kind: z.literal('error'),
  status: z.int(),
  message: z.string().describe('What is wrong.'),
  remedy: z.string().describe('What to change.'),
})

export const picturesSchema = z.object({
  image: z.string().describe('What the networks are given, without noise: a PNG file in base64.'),
  noisy: z.array(z.string()),
  denoised: z.array(z.string()),
})

export const aboutSchema = z.object({
  version: z.string(),
  classes: z.array(z.string()),
  sigma: z.number(),
  n: z.int(),
  alpha: z.number(),
  digest: z.string(),
  needsToken: z.boolean(),
  limits: z.object({
    megabytes: z.number(),
    megapixels: z.number(),
    mostVotes: z.int(),
    waiting: z.int(),
    seconds: z.number(),
  }),
})

export const stateSchema = z.object({ status: z.string() })
