import type { CertificationConfig } from '../config/schema'
import type { CertificationConfiguration } from '../logs/certification-log-metadata'

import { expertName, ROUTER } from '../logs/outcome'

import { ONCE, type Purification } from '../smoothing/purification'

import { denoiserOf, type Noise, type Smoothing, smoothingOf } from '../smoothing/smoothing'
import type { Bound } from '../statistics/bound'
import type { PreparedArms } from './arm-networks'
import { CORE_LINE, SELECTOR_BALLOT } from './certifiers'
import { ONLY_BALLOT, SCORES_BALLOT } from './certifiers/certifier'
import { type Guarantee, type GuaranteeOptions, guaranteeOf } from './guarantee'
import {
  CLEAN_LINE,
  copiesOfScale,
  type Looked,
  type ProcedureSettings,
  procedureBound,
  scaleLine,
} from './procedure'
import { type Line, MAIN_LINE } from './queue/line'
import { armBallot, armsVoter, scoresVoter, selectorVoter, singleVoter, type Voter, voterOf } from './voters'

/** A certified noise level, with its guarantee. */
export interface Scale extends Guarantee {
  readonly smoothing: Smoothing
  readonly bound: Bound
}

/**
 * Returns the noise levels of a procedure: those of a cascade, largest first; those of a router's experts, smallest first, then its own;
 * else that of the smoothing.
 */
export function scalesOf(
  procedure: ProcedureSettings,
  smoothing: Smoothing,
  options: GuaranteeOptions & Pick<CertificationConfig, 'noise'>,
): readonly [Scale, ...Scale[]] {
  const scale = (own: Smoothing): Scale => {
    const guarantee = guaranteeOf(own, options)
    return {
      smoothing: own,
      ...guarantee,
      bound: procedureBound(procedure, { noise: options.noise, sigma: guarantee.certifiedSigma }),
    }
  }
  if (procedure.kind !== 'cascade' && procedure.kind !== 'router') return [scale(smoothing)]
  const [, ...further] = procedure.sigmas
  if (procedure.kind === 'router') further.push(procedure.sigma)
  const others = further.map(sigma => smoothingOf(denoiserOf(smoothing), sigma, smoothing))
  return [scale(smoothing), ...others.map(scale)]
}

/** Returns the name of the first line of a certification. */
export function firstLine({ kind }: ProcedureSettings): string {
  if (kind === 'router') return ROUTER
  return kind === 'cascade' ? scaleLine(0) : MAIN_LINE
}

/** Returns the smoothed classifiers of a procedure, for all arms together. */
export function linesOf(
  procedure: ProcedureSettings,
  {
    scales,
    noise = { kind: 'gaussian' },
    purification = ONCE,
    arms,
    images,
    ...votes
  }: {
    readonly scales: readonly [Scale, ...Scale[]]
    /** The noise to draw. Default: Gaussian. */
    readonly noise?: Noise
    /** For procedures with one noise level. Default: one look per copy. */
    readonly purification?: Purification
    readonly arms: PreparedArms['arms']
    /** Number of images in the whole plan. */
    readonly images: number
    readonly n0: number
    readonly n: number
  },
): Readonly<Record<string, Line>> {
  const copies = images * copiesOfScale(procedure, votes)
  // Without noise, the network has no front.
  const unsmoothed = smoothingOf(null, 0, scales[0].smoothing)
  if (procedure.kind === 'aces') {
    const { threshold } = procedure
    const selecting = arms.map(({ members: [network], classes, selector }) =>
      selectorVoter(network, { classes, threshold, ...(selector !== undefined && { selector }) }),
    )
    const cores = arms.map(({ core, classes }) =>
      core === undefined ? NOBODY : singleVoter(core, { classes }),
    )
    return {
      [MAIN_LINE]: { smoothing: scales[0].smoothing, voter: armsVoter(selecting), copies },
      ...(arms.some(({ core }) => core !== undefined) && {
        [CORE_LINE]: { smoothing: unsmoothed, voter: armsVoter(cores), copies: images },
      }),
    }
  }
  if (procedure.kind === 'router') return routedLines(procedure, { scales, arms, copies })
  const isScored = procedure.kind === 'pixel-dp' && procedure.by === 'scores'
  const voter = armsVoter(
    arms.map(({ members, ...arm }) => (isScored ? scoresVoter(members[0], arm) : voterOf(members, arm))),
  )
  if (procedure.kind !== 'cascade') {
    return { [MAIN_LINE]: { smoothing: { ...scales[0].smoothing, noise }, voter, purification, copies } }
  }
  return {
    ...Object.fromEntries(
      scales.map(({ smoothing }, scale) => [scaleLine(scale), { smoothing, voter, copies }] as const),
    ),
    ...(procedure.clean && { [CLEAN_LINE]: { smoothing: unsmoothed, voter, copies: images } }),
  }
}

/** Returns a line for each expert and for the router. */
function routedLines(
  { sigmas }: Extract<ProcedureSettings, { kind: 'router' }>,
  {
    scales,
    arms,
    copies,
  }: {
    readonly scales: readonly Scale[]
    readonly arms: PreparedArms['arms']
    readonly copies: number
  },
): Readonly<Record<string, Line>> {
  const line = (place: number, voters: readonly (Voter | undefined)[]): Line => ({
    smoothing: (scales[place] as Scale).smoothing,
    voter: armsVoter(voters.map(voter => voter ?? NOBODY)),
    copies,
  })
  return {
    [ROUTER]: line(
      sigmas.length,
      arms.map(({ router }) => router && singleVoter(router, { classes: sigmas.length })),
    ),
    ...Object.fromEntries(
      sigmas.map((_, expert) => {
        const voters = arms.map(({ members: { [expert]: network }, classes }) => {
          return network && singleVoter(network, { classes })
        })
        return [expertName(expert), line(expert, voters)] as const
      }),
    ),
  }
}

/** An arm that is not used. */
const NOBODY: Voter = { networks: [], ballots: {}, cast: () => ({}) }

/** Returns the ballots and lines of an arm's certifier. */
export function lookedOf(arm: number, { core }: Pick<PreparedArms['arms'][number], 'core'>): Looked {
  return {
    ballot: armBallot(arm, ONLY_BALLOT),
    selector: armBallot(arm, SELECTOR_BALLOT),
    scores: armBallot(arm, SCORES_BALLOT),
    ...(core !== undefined && { core: CORE_LINE }),
  }
}

/** Returns everything besides n0, n, α and the bound that determines and verifies the statements, for an arm's log. */
export function loggedProcedure(
  procedure: ProcedureSettings,
  {
    scales,
    arm: { classes, selector, core },
  }: {
    readonly scales: readonly Scale[]
    readonly arm: Pick<PreparedArms['arms'][number], 'selector' | 'core' | 'classes'>
  },
): CertificationConfiguration['procedure'] {
  switch (procedure.kind) {
    case 'aces':
      return {
        ...procedure,
        selector: selector === undefined ? 'entropy' : 'network',
        core: core !== undefined,
      }
    case 'cascade':
      return {
        ...procedure,
        // Goodman's intervals hold only asymptotically.
        ...(procedure.rule !== 'sound' && { asymptotic: true }),
        classes,
        realisedSigmas: scales.map(({ smoothing }) => smoothing.realisedSigma),
        certifiedSigmas: scales.map(({ certifiedSigma }) => certifiedSigma),
      }
    case 'router': {
      const experts = scales.slice(0, -1)
      const own = scales.slice(-1)
      const realised = (of: readonly Scale[]) => of.map(({ smoothing }) => smoothing.realisedSigma)
      const certified = (of: readonly Scale[]) => of.map(({ certifiedSigma }) => certifiedSigma)
      return {
        ...{ ...procedure, classes },
        ...{ realisedSigmas: realised(experts), certifiedSigmas: certified(experts) },
        router: { realisedSigma: realised(own)[0] ?? null, certifiedSigma: certified(own)[0] ?? null },
      }
    }
    case 'pixel-dp': {
      const { by, ...others } = procedure
      return { ...others, ...(by === 'scores' && { by }), classes }
    }
    default:
      return procedure
  }
}
