import { expect, it } from 'vitest'
import {
  type Certifier,
  routerCertifier,
  routerPredictCertifier,
  type Steps,
} from '../../../src/certification/certifiers'
import { certifyFromCounts } from '../../../src/certification/statistics'
import { type Outcome, radiusOf } from '../../../src/logs/outcome'
import { gaussianBound } from '../../../src/statistics/bound'
import { ALPHA, failures, mostFailures, type Toy } from './simulate'

const SIGMA = 0.25
const RADIUS = 0.25
const bound = gaussianBound(SIGMA)
const boundary = bound.top(RADIUS)
const votes = { n0: 50, n: 400 }

/** Shares of the first expert in the router's votes, and of class 0 in those of each expert; class 0 is true up to the radius. */
function routed({ choice, first = 1, second }: { choice: number; first?: number; second: number }): Toy {
  const shares = new Map([
    ['router', choice],
    ['first', first],
    ['second', second],
  ])
  return {
    shares: ({ line = '' }) => [shares.get(line) ?? Number.NaN, 1 - (shares.get(line) ?? Number.NaN)],
    isFalse: outcome => 'class' in outcome && (outcome.class !== 0 || radiusOf(outcome) > RADIUS),
  }
}

function router(alpha: number, { agreement = 0, router: own = SIGMA, experts = SIGMA } = {}): Certifier {
  return routerCertifier({
    ...{ alpha, ...votes, agreement },
    router: { line: 'router', bound: gaussianBound(own) },
    experts: ['first', 'second'].map(line => ({ line, bound: gaussianBound(experts) })),
  })
}

function routerPredict(alpha: number): Certifier {
  return routerPredictCertifier({
    ...{ alpha, ...votes },
    router: { line: 'router' },
    experts: ['first', 'second'].map(line => ({ line })),
  })
}

/** The first expert answers wherever the router's choice is not certified. */
function withDefault(): Certifier {
  const ask = (line: string) => [
    { line, stage: 'selection', count: votes.n0 },
    { line, stage: 'estimation', count: votes.n },
  ]
  const options = { bound, alpha: ALPHA / 2 }
  return {
    kind: 'router with a default',
    ballot: 'class',
    *begin(): Steps {
      const [chosen = [], choosing = []] = yield ask('router')
      const choice = certifyFromCounts(chosen, choosing, options)
      const isSecond = 'class' in choice && choice.class === 1
      const [selection = [], estimation = []] = yield ask(isSecond ? 'second' : 'first')
      return certifyFromCounts(selection, estimation, options)
    },
  }
}

/** The procedure itself, and what must not go unseen. */
const CASES: Readonly<Record<string, { toy: Toy; sound: Certifier; broken: Certifier }>> = {
  // The router changes its choice at the radius, and so does the other expert its class.
  'alpha is not split': {
    toy: routed({ choice: boundary, second: boundary }),
    sound: router(ALPHA, { agreement: RADIUS + 1e-9 }),
    broken: router(2 * ALPHA, { agreement: RADIUS + 1e-9 }),
  },
  'its radius is left out of the minimum': {
    toy: routed({ choice: boundary, second: 0 }),
    sound: router(ALPHA),
    broken: router(ALPHA, { router: 100 * SIGMA }),
  },
  'the radius of the expert is left out of the minimum': {
    toy: routed({ choice: 1, first: boundary, second: 0 }),
    sound: router(ALPHA),
    broken: router(ALPHA, { experts: 100 * SIGMA }),
  },
  'a fixed expert answers where it abstains': {
    toy: {
      ...routed({ choice: 0.5 - 1e-9, second: 0 }),
      isFalse: outcome => 'class' in outcome && outcome.class === 0,
    },
    sound: router(ALPHA),
    broken: withDefault(),
  },
  // The choice changes right at the image, so no class can be stated.
  'PREDICT tests at four times alpha': {
    toy: {
      ...routed({ choice: 0.5, second: 0 }),
      isFalse: outcome => 'class' in outcome,
    },
    sound: routerPredict(ALPHA),
    broken: routerPredict(4 * ALPHA),
  },
}

it.each(Object.entries(CASES))(
  'a router makes at most alpha of false statements, and more where %s',
  (_name, { toy, sound, broken }) => {
    expect(failures(sound, toy)).toBeLessThanOrEqual(mostFailures())
    expect(failures(broken, toy)).toBeGreaterThan(mostFailures())
  },
)

it('a torn router makes at most half of alpha of false statements, and more where the selection votes are reused', () => {
  // Its experts have different classes, so that no radius holds: a false one takes one bound that fails.
  const isFalse = (outcome: Outcome) => 'class' in outcome && radiusOf(outcome) > 0
  const toy: Toy = { ...routed({ choice: 0.5, second: 0 }), isFalse }
  const half = mostFailures(ALPHA / 2)
  expect(failures(router(ALPHA), toy)).toBeLessThanOrEqual(half)
  expect(failures(router(ALPHA), toy, { reusesSelection: true })).toBeGreaterThan(half)
})
