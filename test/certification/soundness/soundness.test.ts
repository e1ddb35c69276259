import { describe, expect, it } from 'vitest'
import { GridCertification, SizedCertification } from '../../../src/certification/adaptive'
import { lookSchedule } from '../../../src/certification/adaptive/looks'
import {
  acesCertifier,
  atRadiusCertifier,
  type Certifier,
  cascadeCertifier,
  cohenCertifier,
  gridCertifier,
  pixelDpCertifier,
  pixelDpScoresCertifier,
  predictCertifier,
  type Steps,
  sizedCertifier,
} from '../../../src/certification/certifiers'
import { certifyFromCounts } from '../../../src/certification/statistics'
import type { Outcome } from '../../../src/logs/outcome'
import { radiusOf } from '../../../src/logs/outcome'
import { gaussianBound } from '../../../src/statistics/bound'
import type { CascadeRule } from '../../../src/statistics/cascade'
import { lowerConfidenceBound, upperConfidenceBound } from '../../../src/statistics/confidence-bound'
import {
  discreteGaussian,
  discreteGaussianBound,
  PIXEL_STEPS,
} from '../../../src/statistics/discrete-gaussian'
import { exactLowerBound } from '../../../src/statistics/exact-binomial'
import { largestOtherBound } from '../../../src/statistics/other-classes'
import { pixelDpBound, pixelDpLaplaceBoundOfSigma, SCORE_STEPS } from '../../../src/statistics/pixel-dp'
import { uniformBound } from '../../../src/statistics/uniform-bound'
import { uniformOfBound } from '../../../src/statistics/uniform-of-bound'
import { ALPHA, draw, failures, mostFailures, type Toy, uniform } from './simulate'

const SIGMA = 0.25
const RADIUS = 0.25
const bound = gaussianBound(SIGMA)

/** A half-space at the radius: class 0 has exactly the probability whose radius that is, and the bound is tight. */
const halfSpace: Toy = {
  shares: [bound.top(RADIUS), 1 - bound.top(RADIUS)],
  isFalse: outcome => 'class' in outcome && (outcome.class !== 0 || radiusOf(outcome) > RADIUS),
}

/** Just within it: the radius itself is not true. */
const within = bound.top(RADIUS) - 1e-9
const justWithin: Toy = { ...halfSpace, shares: [within, 1 - within], isFalse: atRadiusOrOther }

/** Two classes of one probability: the smoothed classifier changes right at the image. */
const even: Toy = { shares: [0.5, 0.5], isFalse: outcome => 'class' in outcome }

function atRadiusOrOther(outcome: Outcome): boolean {
  return 'class' in outcome && (outcome.class !== 0 || radiusOf(outcome) >= RADIUS)
}

const votes = { n0: 50, n: 400 }
const limit = mostFailures()

/** Pixels are whole numbers here, and the class of a pixel up to this many steps above the image is 0: the next one has another. */
const STEPS = 63
const steps = {
  bound: discreteGaussianBound(SIGMA),
  toy: {
    shares: ofTable(SIGMA),
    // The share of the class is one half between the last step that has it and the next.
    isFalse: (outcome: Outcome) =>
      'class' in outcome && (outcome.class !== 0 || radiusOf(outcome) > (STEPS + 0.5) / PIXEL_STEPS),
  },
}

/** The share of the class as the numbers of 64 bits are drawn. */
function ofTable(sigma: number): readonly number[] {
  const { thresholds, largest } = discreteGaussian(sigma)
  const share = Number(thresholds[largest + STEPS]) / 2 ** 64
  return [share, 1 - share]
}

const exactBounds = new Map<string, number>()
/** Images share counts. */
function exact(successes: number, trials: number, { alpha }: { readonly alpha: number }): number {
  const key = `${successes} ${trials} ${alpha}`
  const known = exactBounds.get(key) ?? exactLowerBound(successes, trials, { alpha })
  exactBounds.set(key, known)
  return known
}

/** The procedure itself, and what must not go unseen. */
interface Case {
  readonly toy: Toy
  readonly sound: Certifier
  readonly broken: Certifier
}

const grid = new GridCertification({ bound, alpha: ALPHA, n: 400, radii: [0, RADIUS, 0.5] })
const sized = (alpha: number) =>
  sizedCertifier({
    certification: new SizedCertification({ bound, alpha, n: 2000, maxRadiusLoss: 0.05 }),
    n0: votes.n0,
  })
const rounds = [50, 200, 400]
const atRadius = (factor: { alpha?: number; beta?: number } = {}) =>
  atRadiusCertifier({
    ...{ bound, radius: RADIUS, rounds, n0: votes.n0 },
    ...{ alpha: (factor.alpha ?? 1) * ALPHA, beta: (factor.beta ?? 1) * ALPHA },
  })
const privacy = pixelDpBound({ size: 0.1, epsilon: 1, delta: 0.05 })

const CASES: Readonly<Record<string, Case>> = {
  'CERTIFY, the bound swapped': {
    toy: halfSpace,
    sound: cohenCertifier({ bound, alpha: ALPHA, ...votes }),
    // The lower bound at 1 - alpha is the upper one at alpha.
    broken: cohenCertifier({ bound, alpha: 1 - ALPHA, ...votes }),
  },
  'CERTIFY in whole numbers on noise in whole steps, the bound swapped': {
    toy: steps.toy,
    sound: cohenCertifier({ bound: steps.bound, lowerBound: exact, alpha: ALPHA, ...votes }),
    broken: cohenCertifier({ bound: steps.bound, lowerBound: exact, alpha: 1 - ALPHA, ...votes }),
  },
  'CERTIFY on noise in whole steps, that of a table of half the sigma': {
    toy: { ...steps.toy, shares: ofTable(SIGMA / 2) },
    sound: cohenCertifier({ bound: discreteGaussianBound(SIGMA / 2), alpha: ALPHA, ...votes }),
    broken: cohenCertifier({ bound: steps.bound, alpha: ALPHA, ...votes }),
  },
  'CERTIFY in l1 on uniform noise, twice the width': {
    toy: {
      // A half-space at an l1 distance of the radius.
      shares: [uniformBound(SIGMA).top(RADIUS), 1 - uniformBound(SIGMA).top(RADIUS)],
      isFalse: halfSpace.isFalse,
    },
    sound: cohenCertifier({ bound: uniformBound(SIGMA), alpha: ALPHA, ...votes }),
    broken: cohenCertifier({ bound: uniformBound(2 * SIGMA), alpha: ALPHA, ...votes }),
  },
  'CERTIFY with a randomised bound, the best of five numbers': {
    toy: halfSpace,
    sound: cohenCertifier({ bound, alpha: ALPHA, n0: 50, n: 50, randomised: true }),
    broken: bestOfSeveral(),
  },
  'CERTIFY of an ensemble or of several looks, each of five counted as a vote': {
    toy: halfSpace,
    sound: cohenCertifier({ bound, alpha: ALPHA, ...votes }),
    broken: countedFiveTimes(),
  },
  'PREDICT, one side of the test alone': {
    toy: even,
    sound: predictCertifier({ alpha: ALPHA, n: votes.n }),
    broken: predictCertifier({ alpha: 2 * ALPHA, n: votes.n }),
  },
  'a grid, alpha again at each look': {
    toy: justWithin,
    sound: gridCertifier({ certification: grid, n0: votes.n0 }),
    broken: everyLook(),
  },
  'sized, the bound swapped': { toy: halfSpace, sound: sized(ALPHA), broken: sized(1 - ALPHA) },
  'adaptive sampling at a radius, alpha not split over rounds': {
    toy: { ...justWithin, isFalse: outcome => radiusOf(outcome) > 0 },
    sound: atRadius(),
    broken: atRadius({ alpha: rounds.length }),
  },
  'adaptive sampling at a radius, beta not split over rounds': {
    toy: { ...halfSpace, isFalse: outcome => outcome.kind === 'certified-at' && outcome.refused.length > 0 },
    sound: atRadius(),
    broken: atRadius({ beta: rounds.length - 1 }),
  },
  'ACES, the bounds swapped': {
    toy: {
      ...halfSpace,
      shares: ({ line, ballot }) => {
        if (line === 'core') return [0, 1]
        return ballot === 'selector' ? [1 - bound.top(RADIUS), bound.top(RADIUS)] : [1, 0]
      },
    },
    sound: aces(ALPHA),
    broken: aces(2 - ALPHA),
  },
  // Whole alphas for both would still do: which of the two bounds can make a false statement depends on the selection.
  'ACES, the selector torn, four times alpha': {
    toy: torn(+1e-9),
    sound: aces(ALPHA),
    broken: aces(4 * ALPHA),
  },
  'ACES, the published rule at radius 0': {
    toy: torn(-1e-9),
    sound: aces(ALPHA),
    broken: aces(ALPHA, 'published'),
  },
  'a cascade, alpha not split': { toy: evenScale(), sound: cascade(ALPHA), broken: cascade(3 * ALPHA) },
  'a cascade, alpha split as published': {
    toy: evenScale(),
    sound: cascade(ALPHA),
    broken: cascade(ALPHA, 'published'),
  },
  'PixelDP in l1 on Laplace noise, that of twice the sigma': {
    toy: {
      // The class lies in one tail along an axis and the runner-up in the other: as an image goes from one to the other, their shares change by
      // the largest factors that there can be.
      shares: [0.45, 0.1, ...Array<number>(5).fill(0.09)],
      isFalse: outcome =>
        'class' in outcome &&
        (outcome.class !== 0 || radiusOf(outcome) > ((SIGMA / Math.SQRT2) * Math.log(4.5)) / 2),
    },
    sound: pixelDpCertifier({ bound: pixelDpLaplaceBoundOfSigma(SIGMA), eta: ALPHA, n: 2000 }),
    broken: pixelDpCertifier({ bound: pixelDpLaplaceBoundOfSigma(2 * SIGMA), eta: ALPHA, n: 2000 }),
  },
  'PixelDP, eta not split': {
    toy: even,
    sound: pixelDpCertifier({ bound: privacy, eta: ALPHA, n: 2000 }),
    broken: pixelDpCertifier({ bound: privacy, eta: 2 * ALPHA, n: 2000 }),
  },
}

describe('false statements are at most alpha, and more in a version that is broken on purpose', () => {
  it.each(Object.entries(CASES))('%s', (_name, { toy, sound, broken }) => {
    expect(failures(sound, toy)).toBeLessThanOrEqual(limit)
    expect(failures(broken, toy)).toBeGreaterThan(limit)
  })

  it.each<[string, Certifier]>([
    ['CERTIFY', cohenCertifier({ bound, alpha: ALPHA, ...votes })],
    [
      'adaptive sampling at a radius',
      atRadiusCertifier({ bound, radius: 0.001, rounds: [400], n0: 50, alpha: ALPHA, beta: ALPHA }),
    ],
  ])('%s, the selection votes reused', (_name, certifier) => {
    const isFalse = (outcome: Outcome) => 'class' in outcome && radiusOf(outcome) > 0
    expect(failures(certifier, { ...even, isFalse })).toBeLessThanOrEqual(limit)
    expect(failures(certifier, { ...even, isFalse }, { reusesSelection: true })).toBeGreaterThan(limit)
  })
})

/** The selector is torn between the networks, which give different classes; the truth is the network's or the core's. */
function torn(offset: number): Toy {
  const truth = offset > 0 ? 0 : 1
  return {
    shares: ({ line, ballot }) =>
      line === 'core' ? [0, 1] : ballot === 'selector' ? [0.5 - offset, 0.5 + offset] : [1, 0],
    isFalse: outcome => 'class' in outcome && (outcome.class !== truth || radiusOf(outcome) > 1e-6),
  }
}

function aces(alpha: number, radiusZero: 'sound' | 'published' = 'sound'): Certifier {
  return acesCertifier({ bound, alpha, ...votes, radiusZero })
}

/** The first scale is even between both classes, so that the answer is class 1 here and class 0 close by. */
function evenScale(): Toy {
  return {
    shares: ({ line }) => (line === 'large' ? [0.5 - 1e-9, 0.5 + 1e-9] : [0, 1]),
    isFalse: outcome => 'class' in outcome && (outcome.class !== 1 || radiusOf(outcome) > 1e-6),
  }
}

function cascade(alpha: number, rule: CascadeRule = 'sound'): Certifier {
  const scales = [
    { line: 'large', sigma: 0.5, bound: gaussianBound(0.5) },
    { line: 'small', sigma: 0.25, bound: gaussianBound(0.25) },
  ]
  return cascadeCertifier({ scales, alpha, n0: 50, n: 2000, rule })
}

/** Stops at the first look whose bound at alpha suffices. */
function everyLook(): Certifier {
  return {
    kind: 'every look',
    ballot: 'class',
    *begin(): Steps {
      let [hits, before] = [0, 0]
      const evidence = { candidate: 0, candidateCount: 0, runnerUp: 1, runnerUpCount: 0, n0: 0, n: 400 }
      for (const look of lookSchedule({ n: 400, block: 16 })) {
        const [counts = []] = yield [{ stage: 'estimation', from: before, count: look - before }]
        hits += counts[0] ?? 0
        before = look
        if (bound.radius(lowerConfidenceBound(hits, look, { alpha: ALPHA })) >= RADIUS) {
          return { kind: 'certified', class: 0, radius: RADIUS, evidence }
        }
      }
      return { kind: 'abstains', evidence }
    },
  }
}

/** Members, and looks that agree, say of a copy the same: they are no votes of their own. */
function countedFiveTimes(): Certifier {
  const own = cohenCertifier({ bound, alpha: ALPHA, ...votes })
  return {
    ...own,
    *begin(): Steps {
      const [selection = [], estimation = []] = yield [
        { stage: 'selection', count: votes.n0 / 5 },
        { stage: 'estimation', count: votes.n / 5 },
      ]
      const [chosen, bounded] = [selection, estimation].map(tally => tally.map(count => 5 * count))
      return certifyFromCounts(chosen ?? [], bounded ?? [], { bound, alpha: ALPHA })
    },
  }
}

/** Whoever may ask again with another seed. */
function bestOfSeveral(): Certifier {
  const own = cohenCertifier({ bound, alpha: ALPHA, n0: 50, n: 50, randomised: true })
  return {
    ...own,
    *begin(stream = []): Steps {
      const [selection = [], estimation = []] = yield [
        { stage: 'selection', count: 50 },
        { stage: 'estimation', count: 50 },
      ]
      const numbers = [1, 2, 3, 4, 5].map(seed => uniformOfBound([seed, ...stream]))
      return certifyFromCounts(selection, estimation, { bound, alpha: ALPHA, uniform: Math.min(...numbers) })
    },
  }
}

describe('confidence bounds', () => {
  const failing = (shares: readonly number[], n: number, isFalse: (counts: readonly number[]) => boolean) => {
    const random = uniform(7)
    let failed = 0
    for (let image = 0; image < 10_000; image += 1) if (isFalse(draw(shares, n, random))) failed += 1
    return failed
  }

  it('of other classes hold, unlike the largest share that was seen', () => {
    const shares = [0.5, 0.4, 0.05, 0.05]
    const of = (counts: readonly number[]) => largestOtherBound(counts, 0, { alpha: ALPHA })
    expect(failing(shares, 200, counts => of(counts) < 0.4)).toBeLessThanOrEqual(limit)
    expect(failing(shares, 200, counts => Math.max(...counts.slice(1)) / 200 < 0.4)).toBeGreaterThan(limit)
  })

  it('hold on either side', () => {
    const upper = ([hits = 0]: readonly number[]) => upperConfidenceBound(hits, 200, { alpha: ALPHA })
    const lower = ([hits = 0]: readonly number[]) => lowerConfidenceBound(hits, 200, { alpha: ALPHA })
    expect(failing([0.9, 0.1], 200, counts => upper(counts) < 0.9)).toBeLessThanOrEqual(limit)
    expect(failing([0.9, 0.1], 200, counts => lower(counts) > 0.9)).toBeLessThanOrEqual(limit)
    expect(failing([0.9, 0.1], 200, counts => lower(counts) < 0.9)).toBeGreaterThan(limit)
  })

  it('of mean scores hold for scores with much, and with little, variance', () => {
    for (const [each, n] of [
      [0.05, 200],
      [0.05, 2000],
    ] as const) {
      // Scores of 0, 1/2 or 1 for class 0, and the rest for class 1.
      const shares = [0.3, 0.4, 0.3]
      const says = (eta: number) => (counts: readonly number[]) => {
        const [low = 0, middle = 0, high = 0] = counts
        const sums = [middle / 2 + high, middle / 2 + low]
        const squares = [middle / 4 + high, middle / 4 + low]
        const steps = pixelDpScoresCertifier({ bound: privacy, eta, n }).begin()
        steps.next([])
        const tally = [
          ...sums.map(sum => sum * SCORE_STEPS),
          ...squares.map(sum => sum * SCORE_STEPS ** 2),
          n,
        ]
        return 'class' in (steps.next([tally]).value as Outcome)
      }
      expect(failing(shares, n, says(2 * each))).toBeLessThanOrEqual(mostFailures(2 * each))
      expect(failing(shares, n, says(1.999))).toBeGreaterThan(mostFailures(2 * each))
    }
  })
})
