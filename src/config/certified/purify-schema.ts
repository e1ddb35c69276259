import { z } from 'zod'
import { count, positive } from '../fields'
import type { Problem } from '../rules'

/** What a noisy copy goes through on its way to its one vote. */

const once = z.strictObject({
  kind: z.literal('once').describe('The denoiser sees a copy once, and so does the classifier.'),
})

const local = z.strictObject({
  kind: z
    .literal('local')
    .describe(
      'DiffSmooth (Zhang et al., 2023): the denoised image gets fresh noise several times, and the majority of these is the vote of the copy.',
    ),
  sigma: positive.describe('Standard deviation of the noise on the denoised image, for pixels in [0, 1].'),
  votes: count.default(5).describe('How often the denoised image gets noise and is classified. Default 5.'),
})

const reverse = z.strictObject({
  kind: z
    .literal('reverse')
    .describe(
      'DensePure (Xiao et al., 2023): the diffusion model goes back from the copy in several random steps, several times, and the ' +
        'majority of these runs is the vote of the copy.',
    ),
  steps: z
    .int()
    .min(2)
    .default(2)
    .describe(
      'Steps of a run, each a pass of the denoiser; at most as many as the timestep of σ. Default 2.',
    ),
  votes: count.default(10).describe('Runs of each copy. Default 10.'),
})

/** How a noisy copy gets its class. */
export const purifySchema = z.discriminatedUnion('kind', [once, local, reverse])

export type PurifyConfig = z.output<typeof purifySchema>

/** What of a purification does not go together with the procedure, by field. */
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

/** What of a purification does not go together with an ensemble, by field. */
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
 * What of a purification the denoiser cannot do, by field.
 *
 * @param options.isDiffusion - whether the denoiser is a diffusion model; null without one
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
