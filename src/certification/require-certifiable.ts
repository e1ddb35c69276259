import { problemsOfProcedure } from '../config/certified/procedure-schema'
import type { CertificationConfig } from '../config/schema'
import { ConfigError } from '../errors'
import { type Bound, gaussianBound } from '../statistics/bound'
import { alphaOfScale } from '../statistics/cascade'
import { errorOfEach, topTwoOfScores, topTwoOfVotes } from '../statistics/pixel-dp'
import { alphaOfImage } from './guarantee'
import { type ProcedureChoice, type ProcedureSettings, procedureBound, procedureOf } from './procedure'

/**
 * Checks that settings are consistent, and that some outcome of the votes could certify an image. Needs neither networks nor images.
 *
 * @param options - `images`: number of images to certify
 * @throws ConfigError with the field, or with the smallest sufficient n
 */
export function requireCertifiable(
  certification: ProcedureChoice & Pick<CertificationConfig, 'alpha' | 'familyWise' | 'noise'>,
  { sigma, images }: { readonly sigma: number; readonly images: number },
): void {
  const [problem] = problemsOfProcedure(certification, { sigma })
  if (problem !== undefined) {
    throw new ConfigError(`${problem.path}: ${problem.message}.`, { remedy: 'Correct this field.' })
  }
  const { n, familyWise, noise } = certification
  const procedure = procedureOf(certification, { sigma })
  const alpha = alphaOfImage(certification, images)
  const bound = procedureBound(procedure, { noise, sigma })
  if (procedure.kind === 'at-radius') {
    requireRounds(procedure, { n, alpha, bound })
    return
  }
  const { each, split, wanted, suffices } = evidenceOf(procedure, { alpha, bound })
  if (suffices(n)) return
  const share = familyWise ? ` for each of ${images} images` : ''
  const least = leastVotes(suffices)
  throw new ConfigError(
    `n = ${n} votes certify nothing at alpha${split} = ${each}${share}: all of them together show a probability of ${(each ** (1 / n)).toFixed(4)}, and ${wanted}.`,
    { remedy: least === undefined ? 'Ask about smaller radii.' : `Set n to at least ${least}.` },
  )
}

/** A procedure's requirements on unanimous votes. */
interface NeededEvidence {
  /** Smallest error probability of a bound. */
  readonly each: number
  /** How it follows from alpha. */
  readonly split: string
  readonly wanted: string
  /** Whether this many votes can certify; more always can, too. */
  readonly suffices: (votes: number) => boolean
}

function evidenceOf(
  procedure: Exclude<ProcedureSettings, { kind: 'at-radius' }>,
  { alpha, bound }: { readonly alpha: number; readonly bound: Bound },
): NeededEvidence {
  // Unanimous votes show a probability of alpha^(1/n). CERTIFY needs more than 1/2: a radius of 0 is none.
  const above = (share: number, each: number) => (votes: number) => share ** votes < each
  const half = 'a class takes more than one half'
  switch (procedure.kind) {
    case 'certify':
    case 'sized':
      return { each: alpha, split: '', wanted: half, suffices: above(bound.top(0), alpha) }
    case 'aces':
    case 'router':
      return { each: alpha / 2, split: ' / 2', wanted: half, suffices: above(0.5, alpha / 2) }
    case 'grid': {
      const [radius = 0] = procedure.radii
      const top = bound.top(radius)
      const wanted = radius > 0 ? `radius ${radius} takes ${top.toFixed(4)}` : half
      return { each: alpha, split: '', wanted, suffices: votes => top ** votes <= alpha }
    }
    case 'cascade': {
      const { sigmas, threshold, rule } = procedure
      const bounds = sigmas.map(gaussianBound)
      const each = alphaOfScale(sigmas.length - 1, { bounds, alpha, rule })
      const wanted = `a class takes more than the threshold ${threshold}`
      return {
        ...{ each, split: ` / ${rule === 'sound' ? 2 * sigmas.length - 1 : sigmas.length}`, wanted },
        suffices: above(threshold, each),
      }
    }
    case 'pixel-dp': {
      // For two classes, since the published share of each shrinks with more.
      const { split, by = 'votes' } = procedure
      const each = errorOfEach({ eta: alpha, split, by }, 2)
      const suffices = (votes: number) => {
        const all = [votes, 0]
        const { lowerBound, upperBound } =
          by === 'scores'
            ? topTwoOfScores({ n: votes, sums: all, squares: all }, { each })
            : topTwoOfVotes(all, { each })
        return lowerBound > upperBound && bound.radius(lowerBound, upperBound) > 0
      }
      return { each, split: ' / 2', wanted: 'PixelDP takes more for a size above 0', suffices }
    }
  }
}

/** Each round has a share of alpha: the one with the most votes must be able to certify the radius with it. */
function requireRounds(
  { radius, rounds }: Extract<ProcedureSettings, { kind: 'at-radius' }>,
  { n, alpha, bound }: { readonly n: number; readonly alpha: number; readonly bound: Bound },
): void {
  const most = Math.max(...rounds)
  if (most > n) {
    throw new ConfigError(
      `adaptive.rounds takes ${most} votes in one round, but n is ${n}, the most that an image may have in one.`,
      { remedy: `Set n to ${most}, or name smaller rounds.` },
    )
  }
  const top = bound.top(radius)
  const each = alpha / rounds.length
  const suffices = (votes: number) => top ** votes <= each
  if (suffices(most)) return
  const least = leastVotes(suffices)
  throw new ConfigError(
    `Rounds of [${rounds.join(', ')}] votes cannot certify radius ${radius}: it takes a probability of ${top.toFixed(4)}, and ${most} votes that agree show ${(each ** (1 / most)).toFixed(4)} at alpha / ${rounds.length} = ${each}.`,
    {
      remedy:
        least === undefined
          ? 'Ask about a smaller radius.'
          : `Let the last round have at least ${least} votes.`,
    },
  )
}

/** An upper limit beyond any realistic number of votes. */
const MOST_VOTES = 1e9

/** Returns the smallest sufficient number of votes, if all larger ones suffice too; undefined above the limit. */
function leastVotes(suffices: (votes: number) => boolean): number | undefined {
  let above = 1
  while (!suffices(above)) {
    if (above > MOST_VOTES) return undefined
    above *= 2
  }
  let below = Math.floor(above / 2)
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2)
    if (suffices(middle)) above = middle
    else below = middle
  }
  return above
}
