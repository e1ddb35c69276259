import { z } from 'zod'
import { nonnegative, positive } from '../fields'
import type { Problem } from '../rules'
import { networkSchema, otherWeightsSchema } from './networks'

/** A router between experts of several noise levels. */
export const routerProcedureSchema = z.strictObject({
  kind: z
    .literal('router')
    .describe(
      'A smoothed router chooses which of several experts answers, each smoothed at its own noise level. The radius is the ' +
        'smaller one of router and expert; each gets half of alpha.',
    ),
  sigma: positive.describe('Noise level of the router, for pixels in [0, 1].'),
  sigmas: z
    .array(positive)
    .min(2)
    .max(100)
    .describe('Noise levels of the experts, smallest first; the smallest is smoothing.sigma.'),
  agreement: nonnegative
    .default(0)
    .describe(
      'If the radius of the router’s choice is below this, all experts answer: a class that they agree on holds for every choice ' +
        'of the router. Default 0: only if the router abstains.',
    ),
})

/** The other networks of a router; its first expert is the classifier. */
export const routerNetworksSchema = z.strictObject({
  network: networkSchema.describe('Network with one class per expert, in the order of their noise levels.'),
  others: otherWeightsSchema.describe(
    'The experts of the other noise levels. They share every setting of the classifier except the weights.',
  ),
})

export type RouterProcedureConfig = z.output<typeof routerProcedureSchema>
export type RouterNetworksConfig = z.output<typeof routerNetworksSchema>

/** Returns conflicts between the noise levels of a router. */
export function problemsOfRouter(
  { sigmas }: Pick<RouterProcedureConfig, 'sigmas'>,
  { sigma }: { readonly sigma: number },
): Problem[] {
  const path = 'certification.procedure.sigmas'
  const listed = sigmas.join(', ')
  if (sigmas.some((own, place) => place > 0 && own <= (sigmas[place - 1] ?? 0))) {
    const ascending = [...new Set(sigmas)].sort((a, b) => a - b)
    return [
      {
        path,
        message: `expected the smallest first and each larger than the one before, such as [${ascending.join(', ')}], got [${listed}]`,
      },
    ]
  }
  if (sigmas[0] === sigma) return []
  return [{ path, message: `expected smoothing.sigma, ${sigma}, as the first and smallest, got [${listed}]` }]
}

/** Returns conflicts between the networks of a router and other settings. */
export function problemsOfRouterNetworks({
  procedure,
  router,
  ensemble,
}: {
  readonly procedure: { readonly kind: string; readonly sigmas?: readonly number[] }
  readonly router: RouterNetworksConfig | undefined
  readonly ensemble: object | undefined
}): Problem[] {
  if (procedure.kind !== 'router') {
    if (router === undefined) return []
    return [
      {
        path: 'router',
        message: `expected none for the procedure ${procedure.kind}, got a router and experts`,
      },
    ]
  }
  if (router === undefined) {
    return [{ path: 'router', message: 'expected network and others for the procedure router, got none' }]
  }
  const problems: Problem[] = []
  if (ensemble !== undefined) {
    problems.push({
      path: 'ensemble',
      message: 'expected none for the procedure router, got several classifiers',
    })
  }
  const experts = procedure.sigmas?.length ?? 0
  if (router.others.length + 1 !== experts) {
    problems.push({
      path: 'router.others',
      message: `expected ${experts - 1} beside the classifier, one for each noise level, got ${router.others.length}`,
    })
  }
  const classes = router.network.classifier.numClasses
  if (classes !== undefined && classes !== experts) {
    problems.push({
      path: 'router.network.classifier.numClasses',
      message: `expected ${experts}, a class for each expert, got ${classes}`,
    })
  }
  for (const [place, { path, checkpoint }] of router.others.entries()) {
    if (path !== undefined || checkpoint !== undefined) continue
    problems.push({
      path: `router.others.${place}`,
      message: 'expected path or checkpoint, got neither: it would be the first expert again',
    })
  }
  return problems
}
