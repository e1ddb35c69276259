import type { CertificationConfig } from '../config/schema'

import type { AcesRadiusZeroRule } from '../logs/aces-finding'

import { expertName, ROUTER } from '../logs/outcome'

import { type Bound, gaussianBound } from '../statistics/bound'
import type { CascadeRule } from '../statistics/cascade'
import { type PixelDpSplit, pixelDpBoundOfSigma } from '../statistics/pixel-dp'
import { GridCertification, gridRadii, SizedCertification } from './adaptive'
import {
  acesCertifier,
  atRadiusCertifier,
  type Certifier,
  cascadeCertifier,
  cohenCertifier,
  gridCertifier,
  pixelDpCertifier,
  pixelDpScoresCertifier,
  routerCertifier,
  SELECTOR_BALLOT,
  sizedCertifier,
} from './certifiers'
import { ONLY_BALLOT, SCORES_BALLOT } from './certifiers/certifier'
import { boundOf } from './guarantee'
import { BLOCK } from './queue/block'
import type { LowerBound } from './statistics'

/** Images that ask for this many parts of a pass fill two with 128 of them at work. */
const BLOCKS_OF_A_PASS = 64

/** How many votes one more certified radius is worth, as a multiple of n: it decides votes, not the guarantee. */
const WORTH = 5

/** How votes are drawn and decided on: all that decides it beside n0, n, α and the bound, for the log. */
export type ProcedureSettings =
  | { readonly kind: 'certify' }
  | {
      readonly kind: 'grid'
      readonly radii: readonly number[]
      readonly block: number
      readonly worth: number
    }
  | {
      readonly kind: 'at-radius'
      readonly radius: number
      readonly rounds: readonly number[]
      readonly beta: number
    }
  | { readonly kind: 'sized'; readonly maxRadiusLoss: number; readonly block: number }
  | { readonly kind: 'aces'; readonly threshold: number; readonly radiusZero: AcesRadiusZeroRule }
  | {
      readonly kind: 'cascade'
      /** The largest first. */
      readonly sigmas: readonly number[]
      readonly threshold: number
      readonly rule: CascadeRule
      readonly clean: boolean
    }
  | {
      readonly kind: 'pixel-dp'
      readonly split: PixelDpSplit
      /** What is bounded: votes, or mean scores. Default: votes. */
      readonly by?: 'votes' | 'scores' | undefined
    }
  | {
      readonly kind: 'router'
      /** Of the router. */
      readonly sigma: number
      /** Of the experts, the smallest first. */
      readonly sigmas: readonly number[]
      readonly agreement: number
    }

/** What of the settings says which procedure it is. */
export type ProcedureChoice = Pick<CertificationConfig, 'adaptive' | 'n' | 'batch'> &
  Partial<Pick<CertificationConfig, 'procedure'>>

/** The procedure of a certification, complete. */
export function procedureOf(
  { procedure = { kind: 'certify' }, adaptive, n, batch }: ProcedureChoice,
  { sigma }: { readonly sigma: number },
): ProcedureSettings {
  if (procedure.kind !== 'certify') return procedure
  if (adaptive === 'none') return { kind: 'certify' }
  if ('radius' in adaptive) {
    const { radius, rounds = roundsUpTo(n), beta } = adaptive
    return { kind: 'at-radius', radius, rounds, beta }
  }
  const block = adaptive.block ?? blockOf(batch)
  if ('maxRadiusLoss' in adaptive) return { kind: 'sized', maxRadiusLoss: adaptive.maxRadiusLoss, block }
  const { radii, worth = WORTH } = adaptive
  return { kind: 'grid', radii: radii === 'sigma' ? gridRadii(sigma) : radii, block, worth: worth * n }
}

/** As many votes as fill passes of this size while a bounded number of images is at work, in whole blocks of the noise. */
function blockOf(batch: number): number {
  const part = batch / BLOCKS_OF_A_PASS
  return Math.max(BLOCK, part - (part % BLOCK))
}

/** Fewer votes than this decide hardly any image. */
const LEAST_ROUND = 100

/** As published: 1000, 10,000 and the most votes, here for any number of these. */
function roundsUpTo(n: number): readonly number[] {
  return [...[n / 100, n / 10].map(Math.ceil).filter(votes => votes >= LEAST_ROUND), n]
}

/** How many noisy copies an image takes at most, of all noise levels together. */
export function mostCopies(
  procedure: ProcedureSettings,
  options: { readonly n0: number; readonly n: number },
): number {
  const scales =
    procedure.kind === 'cascade'
      ? procedure.sigmas.length
      : procedure.kind === 'router'
        ? procedure.sigmas.length + 1
        : 1
  return scales * copiesOfScale(procedure, options)
}

/** How many noisy copies an image takes of one noise level at most. */
export function copiesOfScale(
  procedure: ProcedureSettings,
  { n0, n }: { readonly n0: number; readonly n: number },
): number {
  if (procedure.kind === 'pixel-dp') return n
  if (procedure.kind !== 'at-radius') return n0 + n
  const { rounds } = procedure
  return rounds.reduce((total, votes) => total + votes, rounds.length * n0)
}

/** How many noisy copies each image takes; undefined where it depends on the image. */
export function fixedCopies(
  procedure: ProcedureSettings,
  votes: { readonly n0: number; readonly n: number },
): number | undefined {
  return ['certify', 'aces', 'pixel-dp'].includes(procedure.kind) ? mostCopies(procedure, votes) : undefined
}

/** From a probability to the radius of a procedure under the noise of the settings. */
export function procedureBound(
  { kind }: ProcedureSettings,
  { noise, sigma }: Pick<CertificationConfig, 'noise'> & { readonly sigma: number },
): Bound {
  return kind === 'pixel-dp' && noise === 'gaussian' ? pixelDpBoundOfSigma(sigma) : boundOf(noise, sigma)
}

/** The line of a noise level of a cascade, counted from 0. */
export function scaleLine(scale: number): string {
  return `scale ${scale + 1}`
}

/** The line of the classifier about the image without noise. */
export const CLEAN_LINE = 'clean'

/** What a certifier looks at. */
export interface Looked {
  /** Default: those of a voter that stands alone. */
  readonly ballot?: string
  readonly selector?: string
  readonly scores?: string
  /** The line of the core network of ACES. Default: there is none. */
  readonly core?: string | undefined
}

/**
 * Prepares a procedure for all images and ballots: for a grid and n = 100,000 it takes seconds.
 *
 * @param options.alpha - α of one image
 * @param options.scales - of a cascade the bound of each noise level, of a router those of the experts and then its own; `bound` is that of
 *   the first
 */
export function certifiersOf(
  procedure: ProcedureSettings,
  {
    n0,
    scales = [],
    ...options
  }: {
    readonly bound: Bound
    readonly scales?: readonly Bound[]
    readonly alpha: number
    readonly n0: number
    readonly n: number
    /** Of CERTIFY. */
    readonly lowerBound?: LowerBound
    readonly randomised?: boolean
  },
): (looked?: Looked) => Certifier {
  switch (procedure.kind) {
    case 'certify':
      return ({ ballot = ONLY_BALLOT } = {}) => cohenCertifier({ ...options, n0, ballot })
    case 'grid': {
      const certification = new GridCertification({ ...options, ...procedure })
      return ({ ballot = ONLY_BALLOT } = {}) => gridCertifier({ certification, n0, ballot })
    }
    case 'at-radius':
      return ({ ballot = ONLY_BALLOT } = {}) => atRadiusCertifier({ ...options, ...procedure, n0, ballot })
    case 'sized': {
      const certification = new SizedCertification({ ...options, ...procedure })
      return ({ ballot = ONLY_BALLOT } = {}) => sizedCertifier({ certification, n0, ballot })
    }
    case 'aces':
      return ({ ballot = ONLY_BALLOT, selector = SELECTOR_BALLOT, core = null } = {}) =>
        acesCertifier({ ...options, ...procedure, n0, ballot, selector, core })
    case 'cascade': {
      const { sigmas, threshold, rule, clean } = procedure
      const lines = sigmas.map((sigma, scale) => ({
        ...{ line: scaleLine(scale), sigma, bound: scales[scale] ?? gaussianBound(sigma) },
      }))
      const { alpha, n } = options
      return ({ ballot = ONLY_BALLOT } = {}) =>
        cascadeCertifier({
          ...{ scales: lines, alpha, n0, n, threshold, rule, ballot },
          ...(clean && { clean: CLEAN_LINE }),
        })
    }
    case 'router': {
      const { sigma, sigmas, agreement } = procedure
      const lines = sigmas.map((own, expert) => ({
        ...{ line: expertName(expert), bound: scales[expert] ?? gaussianBound(own) },
      }))
      const router = { line: ROUTER, bound: scales[sigmas.length] ?? gaussianBound(sigma) }
      const { alpha, n } = options
      return ({ ballot = ONLY_BALLOT } = {}) =>
        routerCertifier({ router, experts: lines, alpha, n0, n, agreement, ballot })
    }
    case 'pixel-dp': {
      const { bound, alpha: eta, n } = options
      const { split } = procedure
      return procedure.by === 'scores'
        ? ({ scores = SCORES_BALLOT } = {}) =>
            pixelDpScoresCertifier({ bound, eta, n, split, ballot: scores })
        : ({ ballot = ONLY_BALLOT } = {}) => pixelDpCertifier({ bound, eta, n, split, ballot })
    }
  }
}
