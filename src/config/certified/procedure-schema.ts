import { z } from 'zod'
import { positive } from '../fields'
import type { Problem } from '../rules'
import { networkSchema } from './networks'

import { type PurifyConfig, problemsOfPurify } from './purify-schema'

import { problemsOfRouter, routerProcedureSchema } from './router-schema'

/** How votes become a statement about an image, and the other networks of ACES. */

const certify = z.strictObject({
  kind: z
    .literal('certify')
    .describe('CERTIFY (Cohen et al., 2019): the majority class, within the radius that its votes support.'),
})

const aces = z.strictObject({
  kind: z
    .literal('aces')
    .describe(
      'ACES (Horváth et al., 2022): a smoothed selector assigns an image to the classifier or to a core network that is not ' +
        'smoothed. Each gets half of alpha; the radius is the smaller one.',
    ),
  threshold: z
    .number()
    .min(0)
    .max(1)
    .describe(
      'A noisy copy goes to the classifier if its score is at most this: the selector’s probability of class 0, or, without a ' +
        'selector, the entropy of the classifier as a share of ln K.',
    ),
  radiusZero: z
    .enum(['sound', 'published'])
    .default('sound')
    .describe(
      'What to certify for an image without a radius. published counts an abstaining selector as one that chooses the classifier, ' +
        'which may be wrong with more than alpha. Default sound.',
    ),
})

const cascade = z.strictObject({
  kind: z
    .literal('cascade')
    .describe(
      'Multi-scale smoothing (Jeong and Shin, 2023): the answer comes from the first noise level at which a class has more than ' +
        'the threshold.',
    ),
  sigmas: z
    .array(positive)
    .min(2)
    .max(100)
    .describe('Noise levels, largest first; the largest is smoothing.sigma. Each gets n0 + n noisy copies.'),
  threshold: z
    .number()
    .min(0.5)
    .lt(1)
    .default(0.5)
    .describe('Probability above which a noise level answers with a class. Default 0.5.'),
  rule: z
    .enum(['sound', 'published', 'released'])
    .default('sound')
    .describe(
      'How alpha is split and how other classes are bounded. published is asymptotic, and its parts do not add up to alpha; ' +
        'released is that of the code, for the threshold 0.5 only. Default sound.',
    ),
  clean: z
    .boolean()
    .default(false)
    .describe(
      'Whether the classifier sees the image without noise if nothing is certified. Its class is recorded in the evidence, and is ' +
        'not a statement. Default false.',
    ),
})

const pixelDp = z.strictObject({
  kind: z
    .literal('pixel-dp')
    .describe(
      'PixelDP (Lecuyer et al., 2019): n votes choose the class and bound it and all others, without a selection. The size ' +
        'follows from differential privacy, and is at most half the radius of CERTIFY.',
    ),
  split: z
    .enum(['halves', 'published'])
    .default('halves')
    .describe(
      'The error of each bound: half of alpha, or, as published, 0.05 / K, which is for alpha 0.05. Default halves.',
    ),
  by: z
    .enum(['votes', 'scores'])
    .optional()
    .describe(
      'What to bound: the votes of the noisy copies, or their mean softmax in steps of 2^-15, whose published split is alpha / K. ' +
        'Default votes.',
    ),
})

/** The statement about an image, and how to reach it. */
export const procedureSchema = z.discriminatedUnion('kind', [
  certify,
  aces,
  cascade,
  pixelDp,
  routerProcedureSchema,
])

export type ProcedureConfig = z.output<typeof procedureSchema>

/** The other networks of ACES; its certification network is the classifier. */
export const acesNetworksSchema = z.strictObject({
  selector: networkSchema
    .optional()
    .describe(
      'Network of two classes that sees the same noisy copies: 0 assigns a copy to the core, 1 to the classifier. Default: the ' +
        'entropy of the classifier decides.',
    ),
  core: networkSchema
    .optional()
    .describe(
      'Network of the classes of the data that sees the image itself, without noise and denoiser. Default: none, and no class ' +
        'without a radius.',
    ),
})

export type AcesNetworksConfig = z.output<typeof acesNetworksSchema>

/** With more copies than this, sums of squares in steps of 2^-15 exceed the integers that a float represents. */
const MOST_SCORES = 2 ** 23 - 1

/** The settings of a certification that must agree with its procedure. */
export interface ProcedureSetting {
  readonly procedure?: ProcedureConfig | undefined
  readonly adaptive: unknown
  readonly noise: string
  readonly n: number
  readonly purify?: PurifyConfig | undefined
  readonly confidence?: string | undefined
  readonly alpha: number
  readonly familyWise: boolean
}

/** The noise distributions that the bounds of a procedure support. */
const NOISES: Readonly<Record<ProcedureConfig['kind'], readonly string[]>> = {
  certify: ['gaussian', 'discrete-gaussian', 'uniform'],
  aces: ['gaussian'],
  cascade: ['gaussian'],
  'pixel-dp': ['gaussian', 'laplace'],
  router: ['gaussian'],
}

/**
 * Returns conflicts with the procedure. Choices without effect are conflicts too.
 *
 * @param options - `sigma`: σ of the smoothing
 */
export function problemsOfProcedure(
  {
    procedure = { kind: 'certify' },
    adaptive,
    noise,
    n,
    purify,
    confidence,
    alpha,
    familyWise,
  }: ProcedureSetting,
  { sigma }: { readonly sigma: number },
): Problem[] {
  const problems: Problem[] = []
  const { kind } = procedure
  if (kind !== 'certify' && adaptive !== 'none') {
    problems.push({
      path: 'certification.adaptive',
      message: `expected none for the procedure ${kind}, which has its own numbers of votes, got ${JSON.stringify(adaptive)}`,
    })
  }
  const noises = NOISES[kind]
  if (!noises.includes(noise)) {
    problems.push({
      path: 'certification.noise',
      message: `expected ${noises.join(' or ')} for the procedure ${kind}, whose bounds are of that noise, got ${noise}`,
    })
  }
  if (kind === 'certify' && adaptive !== 'none' && noise === 'discrete-gaussian') {
    problems.push({
      path: 'certification.adaptive',
      message: `expected none for the noise ${noise} (--sound), since tests of adaptive votes are computed in rounded numbers, got ${JSON.stringify(adaptive)}`,
    })
  }
  problems.push(...problemsOfPurify({ purify, procedure }))
  const isCertify = kind === 'certify' && adaptive === 'none' && noise !== 'discrete-gaussian'
  if (confidence === 'randomised' && !isCertify) {
    problems.push({
      path: 'certification.confidence',
      message:
        'expected clopper-pearson: the randomised bound is for CERTIFY with a fixed n, and not for --sound, got randomised',
    })
  }
  if (kind === 'cascade') problems.push(...problemsOfCascade(procedure, { sigma }))
  if (kind === 'router') problems.push(...problemsOfRouter(procedure, { sigma }))
  if (kind === 'pixel-dp' && procedure.by === 'scores' && n > MOST_SCORES) {
    problems.push({
      path: 'certification.n',
      message: `expected at most ${MOST_SCORES} for sums of scores, got ${n}`,
    })
  }
  const isByVotes = kind === 'pixel-dp' && procedure.by !== 'scores'
  if (isByVotes && procedure.split === 'published' && (alpha !== 0.05 || familyWise)) {
    problems.push({
      path: 'certification.procedure.split',
      message: `expected halves: published bounds of votes are for alpha 0.05, got alpha ${alpha}${familyWise ? ' for all images together' : ''}`,
    })
  }
  return problems
}

function problemsOfCascade(
  { sigmas, threshold, rule }: Extract<ProcedureConfig, { kind: 'cascade' }>,
  { sigma }: { readonly sigma: number },
): Problem[] {
  const problems: Problem[] = []
  const rising = sigmas.findIndex((own, scale) => scale > 0 && own >= (sigmas[scale - 1] ?? 0))
  if (rising > 0) {
    const descending = [...new Set(sigmas)].sort((a, b) => b - a)
    problems.push({
      path: 'certification.procedure.sigmas',
      message: `expected the largest first and each smaller than the one before, such as [${descending.join(', ')}], got [${sigmas.join(', ')}]`,
    })
  } else if (sigmas[0] !== sigma) {
    problems.push({
      path: 'certification.procedure.sigmas',
      message: `expected smoothing.sigma, ${sigma}, as the first and largest, got [${sigmas.join(', ')}]`,
    })
  }
  if (rule === 'released' && threshold !== 0.5) {
    problems.push({
      path: 'certification.procedure.threshold',
      message: `expected 0.5 for the rule released, which certifies falsely above it, got ${threshold}`,
    })
  }
  return problems
}

/** Returns conflicts between the networks of ACES and other settings. */
export function problemsOfAcesNetworks({
  procedure,
  aces: networks,
  ensemble,
}: {
  readonly procedure: ProcedureConfig
  readonly aces: AcesNetworksConfig | undefined
  readonly ensemble: object | undefined
}): Problem[] {
  const problems: Problem[] = []
  const isAces = procedure.kind === 'aces'
  if (!isAces && networks !== undefined) {
    problems.push({
      path: 'aces',
      message: `expected none for the procedure ${procedure.kind}, got ${Object.keys(networks).join(' and ') || 'no network'}`,
    })
  }
  if (procedure.kind === 'pixel-dp' && procedure.by === 'scores' && ensemble !== undefined) {
    problems.push({
      path: 'ensemble',
      message: 'expected none for the procedure pixel-dp by scores, got several classifiers',
    })
  }
  if (isAces && ensemble !== undefined) {
    problems.push({
      path: 'ensemble',
      message: 'expected none for the procedure aces, got several classifiers',
    })
  }
  const classes = networks?.selector?.classifier.numClasses
  if (classes !== undefined && classes !== 2) {
    problems.push({
      path: 'aces.selector.classifier.numClasses',
      message: `expected 2, core and certification network, got ${classes}`,
    })
  }
  return problems
}
