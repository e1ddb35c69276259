import type { CertificationConfig } from '../config/schema'
import type { Bound } from '../statistics/bound'
import { GridCertification, SizedCertification } from './adaptive'
import {
  atRadiusCertifier,
  type Certifier,
  cohenCertifier,
  gridCertifier,
  sizedCertifier,
} from './certifiers'

/** Votes come in multiples of this many, the block that noise is drawn in. */
const BLOCK = 16

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
export function procedureOf({ adaptive, n }: Pick<CertificationConfig, 'adaptive' | 'n'>): ProcedureSettings {
  if (adaptive === 'none') return { kind: 'certify' }
  if ('radius' in adaptive) {
    const { radius, rounds = roundsUpTo(n), beta } = adaptive
    return { kind: 'at-radius', radius, rounds, beta }
  }
  return 'radii' in adaptive
    ? { kind: 'grid', radii: adaptive.radii, block: BLOCK, worth: WORTH * n }
    : { kind: 'sized', maxRadiusLoss: adaptive.maxRadiusLoss, block: BLOCK }
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
  }: { readonly bound: Bound; readonly alpha: number; readonly n0: number; readonly n: number },
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
