import { z } from 'zod'
import { count, positive } from '../fields'
import type { Problem } from '../rules'

/** How a noisy copy is processed before its vote. */

const once = z.strictObject({
  kind: z.literal('once').describe('The denoiser and the classifier see a copy once.'),
})

const local = z.strictObject({
  kind: z
    .literal('local')
    .describe(
      'DiffSmooth (Zhang et al., 2023): the denoised image gets fresh noise several times; the copy votes for the majority of these.',
    ),
  sigma: positive.describe('Standard deviation of the noise on the denoised image, for pixels in [0, 1].'),
  votes: count
    .default(5)
    .describe(
      'Number of times that noise is added to the denoised image and the result is classified. Default 5.',
    ),
})

const reverse = z.strictObject({
  kind: z
    .literal('reverse')
    .describe(
      'DensePure (Xiao et al., 2023): the diffusion model runs the reverse process from the copy in several random steps, several ' +
        'times; the copy votes for the majority of these runs.',
    ),
  steps: z
    .int()
    .min(2)
    .default(2)
    .describe('Steps of a run, each one pass of the denoiser; at most the timestep of σ. Default 2.'),
  votes: count.default(10).describe('Runs per copy. Default 10.'),
})

/** How a noisy copy gets its class. */
export const purifySchema = z.discriminatedUnion('kind', [once, local, reverse])

export type PurifyConfig = z.output<typeof purifySchema>

/** Returns conflicts between purification and procedure, by field. */
export function problemsOfPurify({
  purify = { kind: 'once' },
  procedure = { kind: 'certify' },
}: {
  readonly purify?: PurifyConfig | undefined
  readonly procedure?: { readonly kind: string } | undefined
}): Problem[] {
  if (purify.kind === 'once' || procedure.kind === 'certify') return []
  return [
    {
      path: 'certification.purify',
      message: `expected once for the procedure ${procedure.kind}, which asks about a copy once, got ${purify.kind}`,
    },
  ]
}

/** Returns conflicts between purification and ensemble, by field. */
export function problemsOfPurifiedEnsemble({
  purify,
  ensemble,
}: {
  readonly purify: PurifyConfig
  readonly ensemble: { readonly consensus?: number | undefined } | undefined
}): Problem[] {
  const consensus = ensemble?.consensus
  if (purify.kind === 'once' || consensus === undefined) return []
  const message = `expected none where a noisy copy votes several times (certification.purify), got ${consensus}`
  return [{ path: 'ensemble.consensus', message }]
}

/**
 * Returns the purification settings that the denoiser does not support, by field.
 *
 * @param options - `isDiffusion`: whether the denoiser is a diffusion model; null without one
 */
export function problemsOfPurifier(
  { kind }: PurifyConfig,
  { isDiffusion }: { readonly isDiffusion: boolean | null },
): Problem[] {
  if (kind === 'once' || isDiffusion === true || (kind === 'local' && isDiffusion === false)) return []
  const needed = kind === 'local' ? 'a denoiser' : 'a diffusion model'
  return [
    {
      path: 'certification.purify',
      message: `expected once, since ${kind} takes ${needed} in front of the classifier, got ${kind}`,
    },
  ]
}
