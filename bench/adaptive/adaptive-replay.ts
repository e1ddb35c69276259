import type {
  AdaptiveCertificate,
  AdaptiveCertification,
} from '../../src/certification/adaptive/adaptive-run'
import { gaussianBound } from '../../src/statistics/bound'
import { lowerConfidenceBound } from '../../src/statistics/confidence-bound'
import type { ReplayedLog } from './adaptive-logs'
import { Random } from './random'

/** An adaptive certification beside CERTIFY with n votes, on the same votes. */
export interface Comparison {
  /** Votes of an image in the mean, those of the selection included. */
  readonly votes: number
  /** How many times as many CERTIFY uses. */
  readonly ratio: number
  /** Passes of an image in the mean, the selection apart. */
  readonly draws: number
  readonly acr: { readonly fixed: number; readonly adaptive: number }
  /** Certified accuracy in percent. */
  readonly accuracies: readonly {
    readonly radius: number
    readonly fixed: number
    readonly adaptive: number
  }[]
}

export interface ReplayOptions {
  readonly n: number
  /** Votes of the selection, which are counted and not drawn. */
  readonly n0: number
  readonly radii: readonly number[]
  /** How often each image is certified, with new votes. */
  readonly repeats: number
  readonly seed: number
}

/** Certifies every image of a log adaptively and with n votes. The votes are drawn with the probability that the log makes plausible. */
export function replay(
  { images, sigma, alpha }: ReplayedLog,
  certification: AdaptiveCertification,
  { n, n0, radii, repeats, seed }: ReplayOptions,
): Comparison {
  const random = new Random(seed, 'replay')
  const bound = gaussianBound(sigma)
  const fixedRadius = memoized((hits: number) => {
    const lowerBound = lowerConfidenceBound(hits, n, { alpha })
    return lowerBound < 0.5 ? undefined : bound.radius(lowerBound)
  })
  const accuracies = radii.map(radius => ({ radius, fixed: 0, adaptive: 0 }))
  const acr = { fixed: 0, adaptive: 0 }
  const share = 1 / (repeats * images.length)
  let votes = n0
  let draws = 0
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const { probability, isCorrect } of images) {
      const stream = certify(certification, random, probability)
      const { certificate } = stream
      votes += share * stream.votes
      draws += share * stream.draws
      const fixed = fixedRadius(stream.hits + random.binomial(n - stream.votes, probability))
      if (!isCorrect) continue
      const adaptive = certificate.abstains ? undefined : certificate.radius
      acr.fixed += share * (fixed ?? 0)
      acr.adaptive += share * (adaptive ?? 0)
      for (const accuracy of accuracies) {
        if (fixed !== undefined && fixed >= accuracy.radius) accuracy.fixed += 100 * share
        if (adaptive !== undefined && adaptive >= accuracy.radius) accuracy.adaptive += 100 * share
      }
    }
  }
  return { votes, ratio: (n0 + n) / votes, draws, acr, accuracies }
}

/** One image whose class has this probability. */
export function certify(
  certification: AdaptiveCertification,
  random: Random,
  probability: number,
): {
  readonly certificate: AdaptiveCertificate
  readonly votes: number
  readonly hits: number
  readonly draws: number
} {
  const run = certification.begin()
  let votes = 0
  let hits = 0
  let draws = 0
  for (let next = run.next; next; next = run.next) {
    const drawn = random.binomial(next.votes, probability)
    votes += next.votes
    hits += drawn
    draws += 1
    run.observe(drawn)
  }
  return { certificate: run.certificate, votes, hits, draws }
}

function memoized<T>(compute: (key: number) => T): (key: number) => T {
  const known = new Map<number, T>()
  return key => {
    if (!known.has(key)) known.set(key, compute(key))
    return known.get(key) as T
  }
}
