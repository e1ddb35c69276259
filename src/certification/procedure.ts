import type { CertificationConfig } from '../config/schema'
import type { Bound } from '../statistics/bound'
import { GridCertification, gridRadii, SizedCertification } from './adaptive'
import {
  atRadiusCertifier,
  type Certifier,
  cohenCertifier,
  gridCertifier,
  sizedCertifier,
} from './certifiers'
import { BLOCK } from './queue/block'
import type { LowerBound } from './statistics'

/** Images that ask for so many parts of a pass fill two with 128 of them at work. */
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

/** The procedure of a certification, complete. */
export function procedureOf(
  { adaptive, n, batch }: Pick<CertificationConfig, 'adaptive' | 'n' | 'batch'>,
  { sigma }: { readonly sigma: number },
): ProcedureSettings {
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

/** How many noisy copies an image takes at most. */
export function mostCopies(
  procedure: ProcedureSettings,
  { n0, n }: { readonly n0: number; readonly n: number },
): number {
  if (procedure.kind !== 'at-radius') return n0 + n
  const { rounds } = procedure
  return rounds.reduce((total, votes) => total + votes, rounds.length * n0)
}

/**
 * Prepares a procedure for all images and ballots: for a grid and n = 100,000 it takes seconds.
 *
 * @param options.alpha - α of one image
 */
export function certifiersOf(
  procedure: ProcedureSettings,
  {
    n0,
    ...options
  }: {
    readonly bound: Bound
    readonly alpha: number
    readonly n0: number
    readonly n: number
    /** Of CERTIFY. */
    readonly lowerBound?: LowerBound
  },
): (ballot: string) => Certifier {
  switch (procedure.kind) {
    case 'certify':
      return ballot => cohenCertifier({ ...options, n0, ballot })
    case 'grid': {
      const certification = new GridCertification({ ...options, ...procedure })
      return ballot => gridCertifier({ certification, n0, ballot })
    }
    case 'at-radius':
      return ballot => atRadiusCertifier({ ...options, ...procedure, n0, ballot })
    case 'sized': {
      const certification = new SizedCertification({ ...options, ...procedure })
      return ballot => sizedCertifier({ certification, n0, ballot })
    }
  }
}
