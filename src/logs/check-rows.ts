import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import { isObject } from '../files/read-json'
import { decideRound, type RoundDecision } from '../statistics/at-radius'
import { type Bound, gaussianBound } from '../statistics/bound'
import { lowerConfidenceBound, randomisedLowerBound } from '../statistics/confidence-bound'
import { discreteGaussianBound } from '../statistics/discrete-gaussian'
import { pixelDpBoundOfSigma, pixelDpLaplaceBoundOfSigma } from '../statistics/pixel-dp'
import { operatingCharacteristics } from '../statistics/sequential-test'
import { uniformBound } from '../statistics/uniform-bound'
import { uniformOfBound } from '../statistics/uniform-of-bound'
import type { CertificationRow } from './certification-log'
import type { CertificationLog } from './certification-log-file'
import type { CertificationConfiguration } from './certification-log-metadata'
import { routerCheck } from './check-router'
import { acesCheck, cascadeCheck, pixelDpCheck } from './check-several'
import type { Evidence, Finding } from './outcome'
import { type Check, isClose, problemOfCandidate, RELATIVE, type RowProblem } from './row-problem'

/** An excess over alpha of this relative size is rounding. */
const ROUNDING = 1e-6

type Configuration = Pick<CertificationConfiguration, 'n' | 'n0' | 'alpha' | 'procedure'> & {
  readonly bound: Bound
  /** Returns the uniform number of the randomised bound of an image; undefined for the Clopper-Pearson bound. */
  readonly uniformOf?: ((index: number) => number) | undefined
}

/** Procedures in which every image needs n votes of the estimation. */
const FIXED = ['certify', 'aces', 'cascade', 'pixel-dp', 'router']

/**
 * Returns a check of rows against their own votes, as far as the procedure allows; undefined without a known check.
 * CERTIFY, sized, ACES, cascades, routers and PixelDP: bounds, outcome and radius are recomputed. Grids: the radii are
 * the first of the grid, and some test of error alpha certifies the largest from the votes at its looks. A row without
 * votes passes.
 */
export function rowCheck(
  configuration: CertificationConfiguration,
): ((row: CertificationRow) => RowProblem | undefined) | undefined {
  const { procedure, n, n0 } = configuration
  const bound = boundOf(configuration)
  if (bound === undefined || !Object.hasOwn(CHECKS, procedure.kind)) return undefined
  const alpha = alphaOfBounds(configuration)
  const { confidence, seed } = configuration
  const uniformOf =
    confidence === 'randomised' ? (index: number) => uniformOfBound([seed, 'certify', index]) : undefined
  const check = CHECKS[procedure.kind as keyof typeof CHECKS]({ n, n0, alpha, procedure, bound, uniformOf })
  if (check === undefined) return undefined
  return row => {
    const { evidence } = row
    return evidence && (problemOfVotes(evidence, configuration) ?? check(row, evidence))
  }
}

/** Returns the bound from probabilities to the radii of a log; undefined for an unknown bound. */
export function boundOf({ bound, sigma, certifiedSigma }: CertificationConfiguration): Bound | undefined {
  return BOUNDS.get(bound)?.(typeof certifiedSigma === 'number' ? certifiedSigma : sigma)
}

/** Returns the α of a row's bounds: the total minus the error of drawing. */
export function alphaOfBounds({ alpha, sound }: CertificationConfiguration): number {
  return isObject(sound) ? Number(sound.alpha) : alpha
}

/** Returns whether every row was checked against its votes when the log was read. */
export function isChecked({ rows, metadata }: Pick<CertificationLog, 'rows' | 'metadata'>): boolean {
  return (
    metadata !== undefined &&
    rowCheck(metadata.configuration) !== undefined &&
    rows.every(({ evidence }) => evidence !== undefined)
  )
}

/** By the name of a bound. */
const BOUNDS: ReadonlyMap<string, (sigma: number) => Bound> = new Map([
  ['gaussian', gaussianBound],
  ['discrete-gaussian', discreteGaussianBound],
  ['uniform', uniformBound],
  ['pixeldp-gaussian', pixelDpBoundOfSigma],
  ['pixeldp-laplace', pixelDpLaplaceBoundOfSigma],
])

const CHECKS = {
  certify: estimationCheck,
  sized: estimationCheck,
  grid: gridCheck,
  'at-radius': atRadiusCheck,
  aces: acesCheck,
  cascade: cascadeCheck,
  'pixel-dp': pixelDpCheck,
  router: routerCheck,
} satisfies Readonly<Record<string, (configuration: Configuration) => Check | undefined>>

/** Checks the number of votes, and the class of the selection. */
function problemOfVotes(
  { n, n0, pilot = 0, selection, candidate }: Evidence,
  configuration: Configuration | CertificationConfiguration,
): RowProblem | undefined {
  const { kind } = configuration.procedure
  const drawn = kind === 'pixel-dp' ? 0 : configuration.n0
  if (n0 !== drawn) return { column: 'n0', logged: n0, expected: drawn }
  const isAll = FIXED.includes(kind)
  if (isAll ? n !== configuration.n : n + pilot > configuration.n) {
    return {
      column: 'n',
      logged: n,
      expected: isAll ? configuration.n : `at most ${configuration.n - pilot}`,
    }
  }
  return problemOfCandidate({ selection, candidate })
}

/** Checks the bound, Clopper-Pearson or randomised, and its radius. */
function estimationCheck({ alpha, bound, uniformOf }: Configuration): Check {
  const known = new Map<string, number>()
  return ({ index, finding, radius }, { candidateCount, n, lowerBound: logged, uniform }) => {
    if (n === 0) return { column: 'n', logged: n, expected: 'at least 1' }
    // Recomputed, because a freely chosen number could certify more.
    const drawn = uniformOf?.(index)
    if (uniform !== drawn) {
      return {
        column: 'evidence',
        logged: `uniform ${uniform ?? 'none'}`,
        expected: `uniform ${drawn ?? 'none'}`,
      }
    }
    const key = `${candidateCount} of ${n}, ${drawn}`
    const lowerBound =
      known.get(key) ??
      (drawn === undefined
        ? lowerConfidenceBound(candidateCount, n, { alpha })
        : randomisedLowerBound(candidateCount, n, { alpha, uniform: drawn }))
    known.set(key, lowerBound)
    if (logged !== undefined && !isClose(logged, lowerBound)) {
      return { column: 'evidence', logged: `lowerBound ${logged}`, expected: `lowerBound ${lowerBound}` }
    }
    const expected = lowerBound < 0.5 ? 'abstains' : 'certified'
    // Exactly at one half, the last digit decides.
    if (finding.kind !== expected && !(isClose(lowerBound, 0.5) && radius < RELATIVE)) {
      return { column: 'outcome', logged: finding.kind, expected }
    }
    const computed = lowerBound < 0.5 ? 0 : bound.radius(lowerBound)
    return isClose(radius, computed) ? undefined : { column: 'radius', logged: radius, expected: computed }
  }
}

function gridCheck({ alpha, bound, procedure }: Configuration): Check {
  const grid = Array.isArray(procedure.radii) ? procedure.radii.map(Number) : []
  return ({ finding, radius }, { n, lowerBound, look, looks }) => {
    // Logs of format 1 have only the largest radius.
    const radii =
      finding.kind === 'certified-at'
        ? finding.radii
        : finding.kind === 'certified'
          ? grid.slice(0, grid.indexOf(radius) + 1)
          : []
    const isCertified = finding.kind === 'certified-at' || finding.kind === 'certified'
    if (!isCertified && finding.kind !== 'abstains') {
      return { column: 'outcome', logged: finding.kind, expected: 'certified-at or abstains' }
    }
    if (isCertified && (radii.length === 0 || radii.some((own, position) => own !== grid[position]))) {
      const logged = finding.kind === 'certified' ? radius : `[${radii.join(', ')}]`
      return { column: 'radius', logged, expected: `the first of the grid ${grid.join(', ')}` }
    }
    const top = isCertified ? bound.top(radius) : 0
    if (lowerBound !== undefined && !isClose(lowerBound, top)) {
      return { column: 'evidence', logged: `lowerBound ${lowerBound}`, expected: `lowerBound ${top}` }
    }
    if (looks === undefined) return undefined
    if (look !== looks.length) {
      return { column: 'evidence', logged: `look ${look}`, expected: `look ${looks.length}` }
    }
    if (isCertified && stepsOf(looks) > MOST_STEPS) {
      return { column: 'evidence', logged: `${n} votes`, expected: 'as few as can be checked' }
    }
    const error = isCertified ? leastError(looks, { top, alpha }) : 0
    return error <= alpha * (1 + ROUNDING)
      ? undefined
      : {
          column: 'radius',
          logged: radius,
          expected: `less: votes like these have probability ${error} there`,
        }
  }
}

/** Most steps for checking one row: some ten seconds. Ten million votes need fewer. */
const MOST_STEPS = 1e10

/**
 * Returns the approximate number of steps of {@link leastError}: a count of v votes has 20 standard deviations of
 * relevant values.
 */
function stepsOf(looks: NonNullable<Evidence['looks']>): number {
  let votes = 0
  return looks.reduce((steps, [drawn]) => {
    votes += drawn
    return steps + 100 * Math.sqrt(drawn * votes)
  }, 0)
}

/**
 * Returns the smallest probability with which a test that certifies on these votes certifies a class of probability
 * `top`. The test also certifies if no look has more misses, because such votes give up no earlier. If it is at most
 * alpha, any bound of it suffices.
 */
function leastError(
  looks: NonNullable<Evidence['looks']>,
  { top, alpha }: { readonly top: number; readonly alpha: number },
): number {
  let votes = 0
  let misses = 0
  const path = looks.map(([drawn, hits]) => {
    votes += drawn
    misses += drawn - hits
    return { votes, misses }
  })
  const last = path.length - 1
  // The votes at a single look may suffice, and are cheaper to compute.
  const single = Math.min(1, ...path.map(look => binomialCdf(look.misses, look.votes, 1 - top)))
  if (single <= alpha) return single
  const test = {
    threshold: top,
    looks: path.map(look => look.votes),
    certifyUpTo: path.map((look, position) => (position === last ? look.misses : -1)),
    giveUpFrom: path.map(look => look.misses + 1),
  }
  return operatingCharacteristics(test, top).certified
}

/** Recomputes each round, and requires that all but the last left the image open. */
function atRadiusCheck({ alpha, bound, procedure }: Configuration): Check {
  const rounds = Array.isArray(procedure.rounds) ? procedure.rounds.map(Number) : []
  const options = { bound, alpha, radius: Number(procedure.radius), beta: Number(procedure.beta), rounds }
  return ({ finding }, { parts = [], ...own }) => {
    const drawn = [...parts, own]
    for (const [
      round,
      { n, n0, candidate, candidateCount, selection, lowerBound: logged },
    ] of drawn.entries()) {
      const where = round === parts.length ? '' : `of round ${round + 1}: `
      if (n !== rounds[round])
        return { column: 'n', logged: `${where}${n}`, expected: `${rounds[round] ?? 'no such round'}` }
      if (n0 !== own.n0) return { column: 'n0', logged: `${where}${n0}`, expected: own.n0 }
      const problem = problemOfCandidate({ selection, candidate })
      if (problem !== undefined) return problem
      const { verdict, lowerBound } = decideRound(candidateCount, { ...options, round })
      if (logged !== undefined && !isClose(logged, lowerBound)) {
        return {
          column: 'evidence',
          logged: `${where}lowerBound ${logged}`,
          expected: `lowerBound ${lowerBound}`,
        }
      }
      const found = round === parts.length ? verdictOf(finding, options.radius) : 'open'
      if (found !== verdict) {
        return { column: 'outcome', logged: `${where}${found ?? finding.kind}`, expected: verdict }
      }
    }
    return undefined
  }
}

/** Returns the verdict of a finding on the one radius; `open` if undecided. */
function verdictOf(finding: Finding, radius: number): RoundDecision['verdict'] | undefined {
  if (finding.kind === 'undecided') return 'open'
  if (finding.kind !== 'certified-at') return undefined
  const isOnly = (radii: readonly number[]) => radii.length === 1 && radii[0] === radius
  if (isOnly(finding.radii) && finding.refused.length === 0) return 'certified'
  return isOnly(finding.refused) && finding.radii.length === 0 ? 'refused' : undefined
}
