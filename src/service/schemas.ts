import { z } from 'zod'
import type { ServiceLimits } from './limits'

/** Returns the schema of request options. Values are text, from the query string or form fields. */
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
      .describe('Largest probability that the answer is wrong. Default: that of the service.'),
    n: z.coerce
      .number()
      .int()
      .min(1)
      .max(mostVotes)
      .optional()
      .describe(
        `Noisy copies that bound the probability of the class, at most ${mostVotes}. Default: that of the service.`,
      ),
    radius: z.coerce
      .number()
      .gt(0)
      .max(1000)
      .optional()
      .describe(
        'The only ℓ2 radius to decide, for pixels in [0, 1]: answered as soon as it is decided, from at most n copies per round.',
      ),
  })
  if (!allowsSeed) return options
  const seed = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional()
  return options.extend({
    seed: seed.describe('Seed of the noise. Default: drawn at random, as the guarantee requires.'),
  })
}

/** The options of a request. */
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
      'certified: the class, within the radius. predicted: the class, of the image only. abstained: the votes do not decide.',
    ),
  class: z.int().nullable().describe('Null if abstained.'),
  className: z.string().nullable().describe('Null if abstained.'),
  radius: z
    .number()
    .describe('ℓ2 radius, for pixels in [0, 1], within which the class stays the same; 0 unless certified.'),
  atRadius: z
    .enum(['certified', 'refused', 'undecided'])
    .nullable()
    .describe('Whether the requested radius is certified; null without one.'),
  lowerBound: z.number().describe('Lower bound on the probability of topClass under the noise.'),
  pValue: z
    .number()
    .nullable()
    .describe(
      'Two-sided p-value of "the two leading classes are equally likely"; null if a radius was requested.',
    ),
  topClass: z.int(),
  topClassName: z.string(),
  topCount: z.int(),
  runnerUp: z.int(),
  runnerUpCount: z.int(),
  votes: z.array(z.int()).describe('Votes by class. They add up to n.'),
  n: z.int().describe('Noisy copies used for the bound.'),
  copies: z.int().describe('All noisy copies drawn.'),
  alpha: z.number().describe('Largest probability that this answer is wrong; for this request only.'),
  seed: z.int().describe('Seed of the noise, drawn after the image had arrived unless seedIsGiven.'),
  seedIsGiven: z.boolean(),
  sigma: z.number().describe('Noise level, for pixels in [0, 1].'),
  digest: z.string().describe('SHA-256 of the configuration: networks, σ, how images are cropped.'),
  pythonRestarted: z.boolean().describe('Whether Python restarted for this answer.'),
})

export type ServiceAnswer = z.output<typeof answerSchema>

export const refusalSchema = z.object({
  kind: z.literal('error'),
  status: z.int(),
  message: z.string().describe('The error.'),
  remedy: z.string().describe('What to change.'),
})

export const picturesSchema = z.object({
  image: z.string().describe('The input of the networks, without noise: a PNG file in base64.'),
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
