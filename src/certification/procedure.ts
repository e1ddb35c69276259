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

/** Images that request this many parts of a pass fill two passes if 128 of them are in progress. */
const BLOCKS_OF_A_PASS = 64

/** Value of one more certified radius in votes, as a multiple of n: it affects votes, not the guarantee. */
const WORTH = 5

/** How votes are drawn and decided: everything that determines it besides n0, n, α and the bound, for the log. */
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
      /** Largest first. */
      readonly sigmas: readonly number[]
      readonly threshold: number
      readonly rule: CascadeRule
      readonly clean: boolean
    }
  | {
      readonly kind: 'pixel-dp'
      readonly split: PixelDpSplit
      /** The bounded quantity: votes, or mean scores. Default: votes. */
      readonly by?: 'votes' | 'scores' | undefined
    }
  | {
      readonly kind: 'router'
      /** σ of the router. */
      readonly sigma: number
      /** σ of the experts, smallest first. */
      readonly sigmas: readonly number[]
      readonly agreement: number
    }

/** The settings that choose the procedure. */
export type ProcedureChoice = Pick<CertificationConfig, 'adaptive' | 'n' | 'batch'> &
  Partial<Pick<CertificationConfig, 'procedure'>>

/** Returns the complete procedure of a certification. */
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

/** Returns a block that fills passes of this size with a bounded number of images in progress, in whole blocks of the noise. */
function blockOf(batch: number): number {
  const part = batch / BLOCKS_OF_A_PASS
  return Math.max(BLOCK, part - (part % BLOCK))
}

/** Fewer votes decide almost no image. */
const LEAST_ROUND = 100

/** Returns rounds as published, 1000, 10,000 and the maximum, here for any maximum. */
function roundsUpTo(n: number): readonly number[] {
  return [...[n / 100, n / 10].map(Math.ceil).filter(votes => votes >= LEAST_ROUND), n]
}

/** Returns the largest number of noisy copies per image, over all noise levels. */
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

/** Returns the largest number of noisy copies per image at one noise level. */
export function copiesOfScale(
  procedure: ProcedureSettings,
  { n0, n }: { readonly n0: number; readonly n: number },
): number {
  if (procedure.kind === 'pixel-dp') return n
  if (procedure.kind !== 'at-radius') return n0 + n
  const { rounds } = procedure
  return rounds.reduce((total, votes) => total + votes, rounds.length * n0)
}

/** Returns the number of noisy copies per image; undefined if it depends on the image. */
export function fixedCopies(
  procedure: ProcedureSettings,
  votes: { readonly n0: number; readonly n: number },
): number | undefined {
  return ['certify', 'aces', 'pixel-dp'].includes(procedure.kind) ? mostCopies(procedure, votes) : undefined
}

/** Returns a procedure's bound, from a probability to a radius, under the noise of the settings. */
export function procedureBound(
  { kind }: ProcedureSettings,
  { noise, sigma }: Pick<CertificationConfig, 'noise'> & { readonly sigma: number },
): Bound {
  return kind === 'pixel-dp' && noise === 'gaussian' ? pixelDpBoundOfSigma(sigma) : boundOf(noise, sigma)
}

/** Returns the line of a cascade's noise level, counted from 0. */
export function scaleLine(scale: number): string {
  return `scale ${scale + 1}`
}

/** The line of the classifier for the image without noise. */
export const CLEAN_LINE = 'clean'

/** The ballots and lines of a certifier. */
export interface Looked {
  /** Default: those of a single voter. */
  readonly ballot?: string
  readonly selector?: string
  readonly scores?: string
  /** The line of the core network of ACES. Default: none. */
  readonly core?: string | undefined
}

/**
 * Prepares a procedure for all images and ballots: seconds for a grid and n = 100,000.
 *
 * @param options - `alpha`: α of one image; `scales`: for a cascade, the bound of each noise level; for a router, those of the experts and
 *   then its own; `bound` is the first
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
