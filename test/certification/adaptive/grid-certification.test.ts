import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GridCertification, GridRun } from '../../../src/certification/adaptive/grid-certification'
import { lookSchedule } from '../../../src/certification/adaptive/looks'
import { ConfigError } from '../../../src/errors'
import { gaussianBound } from '../../../src/statistics/bound'
import { operatingCharacteristics, type SequentialTest } from '../../../src/statistics/sequential-test'
import { firstDecision, probabilityOfClaim } from './vote-by-vote'

const BOUND = gaussianBound(0.5)
const OPTIONS = { bound: BOUND, alpha: 0.01, n: 1200, radii: [0, 0.25, 0.5, 0.75, 1] } as const
/** Few enough votes to follow each of them. */
const FEW = 400

const gridOf = (n: number) => new GridCertification({ ...OPTIONS, n })

/** Feeds the misses of single votes; returns the draws. */
function feed(run: GridRun, isMiss: (vote: number) => boolean): number[] {
  const draws: number[] = []
  let vote = 0
  for (let next = run.next; next; next = run.next) {
    let hits = 0
    for (const end = vote + next.votes; vote < end; vote++) hits += isMiss(vote) ? 0 : 1
    draws.push(next.votes)
    run.observe(hits)
  }
  return draws
}

/** Votes in which the rate of misses changes a few times: near the boundaries, and across them. */
const votes = fc
  .tuple(
    fc.array(fc.constantFrom(0, 0.01, 0.03, 0.07, 0.15, 0.3, 0.5), { minLength: 1, maxLength: 4 }),
    fc.integer(),
  )
  .map(([rates, seed]) => {
    const uniform = pseudoRandom(seed)
    return Array.from({ length: OPTIONS.n }, (_, vote) => {
      const rate = rates[Math.floor((vote * rates.length) / OPTIONS.n)] as number
      return uniform() < rate
    })
  })

function pseudoRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

describe('the guarantee', () => {
  it.each([0, 1, 2, 3, 4])(
    'errs with at most alpha at the probability of radius number %d, whatever way the votes go',
    radius => {
      const few = gridOf(FEW)
      const p = (few.tests[radius] as SequentialTest).threshold
      const error = probabilityOfClaim(few.tests, lookSchedule({ n: FEW, block: 16 }), p)
      expect(error).toBeLessThanOrEqual(OPTIONS.alpha)
      expect(error).toBeGreaterThan(0.5 * OPTIONS.alpha)
      // The smallest radius that is too large is what errs, and the radii below can only prevent it.
      const tooHigh = few.tests.find(({ threshold }) => threshold >= p) as SequentialTest
      expect(error).toBeLessThanOrEqual(operatingCharacteristics(tooHigh, p).certified + 1e-12)
    },
  )

  it('certifies a radius of the grid with the probability that it takes', () => {
    const grid = gridOf(OPTIONS.n)
    fc.assert(
      fc.property(votes, misses => {
        const run = grid.begin()
        feed(run, vote => misses[vote] as boolean)
        const { abstains, radius, lowerBound } = run.certificate
        expect(OPTIONS.radii).toContain(radius)
        if (abstains) expect([radius, lowerBound]).toEqual([0, 0])
        else {
          expect(BOUND.radius(lowerBound)).toBeGreaterThanOrEqual(radius)
          expect(BOUND.radius(lowerBound)).toBeLessThan(radius + 1e-12)
        }
      }),
    )
  })

  it('certifies no less with fewer misses', () => {
    const grid = gridOf(OPTIONS.n)
    fc.assert(
      fc.property(votes, fc.infiniteStream(fc.boolean()), (misses, pardoned) => {
        const fewer = misses.map(isMiss => isMiss && pardoned.next().value === true)
        const [more, less] = [misses, fewer].map(stream => {
          const run = grid.begin()
          feed(run, vote => stream[vote] as boolean)
          return run.certificate
        })
        expect(less?.lowerBound).toBeGreaterThanOrEqual(more?.lowerBound as number)
      }),
    )
  })
})

describe('the decisions', () => {
  it('are those of each test alone, up to the first that gives up', () => {
    const looks = lookSchedule({ n: OPTIONS.n, block: 16 })
    const grid = gridOf(OPTIONS.n)
    fc.assert(
      fc.property(votes, misses => {
        const run = grid.begin()
        feed(run, vote => misses[vote] as boolean)
        const decided = grid.tests.map(test => firstDecision(test, looks, misses))
        const failed = decided.findIndex(({ isCertified }) => !isCertified)
        const certified = failed < 0 ? decided.length : failed
        const { radius, abstains, decisions } = run.certificate
        expect(abstains).toBe(certified === 0)
        expect(radius).toBe(OPTIONS.radii[certified - 1] ?? 0)
        expect(decisions.map(({ isCertified }) => isCertified)).toEqual(
          OPTIONS.radii.map((_, i) => i < certified),
        )
        const needed = decided.slice(0, certified + 1).map(decision => decision.votes)
        expect(decisions.slice(0, certified + 1).map(decision => decision.votes)).toEqual(needed)
      }),
    )
  })

  it.each([
    ['at a later look', [1, 12], 0],
    ['at the same look', [12], 0],
    ['never', [1, 2], 2],
  ])('drop a larger radius where a smaller one is given up %s', (_, missesAtLooks, radius) => {
    // The test of the larger radius is the laxer one, which no optimal test is.
    const tests = [
      { certifyUpTo: [-1, 5], giveUpFrom: [10, 6] },
      { certifyUpTo: [11, 15], giveUpFrom: [16, 16] },
    ].map((boundaries, i) => {
      const threshold = [0.7, 0.8][i] as number
      return { radius: i + 1, threshold, test: { threshold, looks: [20, 40], ...boundaries } }
    })
    const run = new GridRun([20, 40], tests)
    missesAtLooks.forEach((misses, k) => {
      run.observe(20 - misses + (missesAtLooks[k - 1] ?? 0))
    })
    expect(run.next).toBeUndefined()
    expect(run.certificate).toMatchObject({ radius, abstains: radius === 0, lowerBound: radius ? 0.8 : 0 })
    expect(run.certificate.decisions.map(({ isCertified }) => isCertified)).toEqual([radius > 0, radius > 0])
  })
})

describe('the tests', () => {
  it('are in blocks of 16, a certificate worth 5 n, where nothing is said', () => {
    const radii = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]
    const options = { bound: gaussianBound(1), alpha: 0.01, n: 200, radii }
    const byDefault = new GridCertification(options)
    expect(byDefault.tests).toEqual(new GridCertification({ ...options, block: 16, worth: 1000 }).tests)
    const run = byDefault.begin()
    feed(run, () => false)
    expect(run.certificate.decisions.map(({ radius }) => radius)).toEqual(radii)
  })

  it('have Φ(r / sigma) for a threshold, and 1/2 to the last bit for no radius', () => {
    const [none, half, one] = gridOf(FEW).tests.filter((_, i) => i % 2 === 0)
    expect(none?.threshold).toBe(0.5)
    expect(half?.threshold).toBeCloseTo(0.841344746068543, 14)
    expect(one?.threshold).toBeCloseTo(0.977249868051821, 14)
  })

  it('are there for radii alone that n votes can certify', () => {
    // Φ(1)^n is 0.01 at n = 26.7, Φ(2)^n at n = 200.1.
    const at = (n: number) => new GridCertification({ ...OPTIONS, n, radii: [0, 0.5, 1] }).tests.length
    expect([6, 7, 26, 27, 200, 201].map(at)).toEqual([0, 1, 1, 2, 2, 3])
  })
})

describe('the votes', () => {
  it('come in blocks, are all counted, and never more than n', () => {
    const grid = gridOf(OPTIONS.n)
    fc.assert(
      fc.property(votes, misses => {
        const run = grid.begin()
        const draws = feed(run, vote => misses[vote] as boolean)
        const { n, candidateCount, pilot, decisions } = run.certificate
        const used = draws.reduce((sum, draw) => sum + draw, 0)
        expect(n).toBe(used)
        expect(used).toBeLessThanOrEqual(OPTIONS.n)
        expect(candidateCount).toBe(misses.slice(0, n).filter(isMiss => !isMiss).length)
        expect(pilot).toBe(0)
        if (used < OPTIONS.n) for (const draw of draws) expect(draw % 16).toBe(0)
        expect(Math.max(...decisions.map(decision => decision.votes))).toBe(used)
      }),
    )
  })

  it('are as many as a radius needs that only more of them can show', () => {
    const fine = new GridCertification({ bound: gaussianBound(0.25), alpha: 0.001, n: 10_000, radii: [0.75] })
    const run = fine.begin()
    feed(run, () => false)
    const { radius, n } = run.certificate
    expect(radius).toBe(0.75)
    // ln(0.001) / ln(Φ(3)) = 5114 votes without a miss.
    expect(n).toBeGreaterThanOrEqual(5114)
    expect(n).toBeLessThan(6000)
  })

  it('are all n for a radius that no fewer can show', () => {
    const { n, alpha } = OPTIONS
    const radius = BOUND.radius(alpha ** (1 / n)) - 1e-6
    const run = new GridCertification({ ...OPTIONS, radii: [radius] }).begin()
    feed(run, () => false)
    expect(run.certificate).toMatchObject({ radius, n })
  })

  it('are none for radii that n votes cannot certify, nor for ones above them', () => {
    const far = new GridCertification({
      bound: gaussianBound(0.25),
      alpha: 0.001,
      n: 1000,
      radii: [0.75, 1, 5],
    })
    const run = far.begin()
    expect(run.next).toBeUndefined()
    expect(run.certificate).toEqual({
      abstains: true,
      radius: 0,
      lowerBound: 0,
      candidateCount: 0,
      n: 0,
      pilot: 0,
      decisions: [0.75, 1, 5].map(radius => ({ radius, isCertified: false, votes: 0 })),
    })
  })

  it('fill larger blocks', () => {
    const run = new GridCertification({ ...OPTIONS, n: 5000, block: 400 }).begin()
    for (const draw of feed(run, vote => vote % 5 === 0).slice(0, -1)) expect(draw % 400).toBe(0)
  })
})

describe('what is refused', () => {
  it.each([
    [{ alpha: 0 }, 'alpha'],
    [{ alpha: 1 }, 'alpha'],
    [{ alpha: Number.NaN }, 'alpha'],
    [{ n: 0 }, 'n must'],
    [{ n: 10.5 }, 'n must'],
    [{ block: 0 }, 'block'],
    [{ worth: 0 }, 'worth'],
    [{ worth: Number.POSITIVE_INFINITY }, 'worth'],
    [{ radii: [] }, 'Radii'],
    [{ radii: [0.5, 0.25] }, 'Radii'],
    [{ radii: [0.5, 0.5] }, 'Radii'],
    [{ radii: [-0.5, 0.5] }, 'Radii'],
    [{ radii: [0, Number.NaN] }, 'Radii'],
  ])('%o', (options, message) => {
    const refused = () => new GridCertification({ ...OPTIONS, ...options })
    expect(refused).toThrow(ConfigError)
    expect(refused).toThrow(message)
  })

  it('votes that were not asked for, and a certificate that is not there yet', () => {
    const run = gridOf(OPTIONS.n).begin()
    expect(() => run.certificate).toThrow(ConfigError)
    for (const count of [-1, 0.5, (run.next?.votes ?? 0) + 1, Number.NaN]) {
      expect(() => run.observe(count)).toThrow(ConfigError)
    }
    feed(run, () => true)
    expect(() => run.observe(0)).toThrow('takes no more votes')
  })
})
