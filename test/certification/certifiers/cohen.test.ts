import { describe, expect, it } from 'vitest'
import { cohenCertifier, predictCertifier } from '../../../src/certification/certifiers'
import { certifyFromCounts, predictFromCounts } from '../../../src/certification/statistics'
import { predictionOf, radiusOf } from '../../../src/logs/outcome'
import { gaussianBound } from '../../../src/statistics/bound'
import fixture from '../../fixtures/certify.json'
import { answered } from './answered'

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

describe('cohenCertifier', () => {
  it.each(fixture.certify_calls)(
    'certifies as the reference: $counts_selection, $counts_estimation at $alpha',
    ({ counts_selection: selection, counts_estimation: estimation, ...expected }) => {
      const options = { bound: gaussianBound(expected.sigma), alpha: expected.alpha }
      const certifier = cohenCertifier({ ...options, n0: sum(selection), n: sum(estimation) })
      const { outcome, asked } = answered(certifier, ({ stage }) =>
        stage === 'selection' ? selection : estimation,
      )
      expect(predictionOf(outcome)).toBe(expected.predict)
      expect(radiusOf(outcome)).toBeCloseTo(expected.radius, 10)
      expect(outcome).toEqual(certifyFromCounts(selection, estimation, options))
      // Both at once: the class need not be known to count votes for it.
      expect(asked).toEqual([
        [
          { stage: 'selection', count: sum(selection) },
          { stage: 'estimation', count: sum(estimation) },
        ],
      ])
    },
  )
})

describe('predictCertifier', () => {
  it.each(fixture.predict_calls)(
    'predicts as the reference: $counts at $alpha',
    ({ counts, ...expected }) => {
      const { outcome, asked } = answered(
        predictCertifier({ alpha: expected.alpha, n: sum(counts) }),
        () => counts,
      )
      expect(predictionOf(outcome)).toBe(expected.predict)
      expect(outcome.kind).toBe(expected.abstain ? 'abstains' : 'predicted')
      expect(radiusOf(outcome)).toBe(0)
      const { pValue, topClass, topCount, runnerUp, runnerUpCount } = predictFromCounts(counts, expected)
      expect(outcome.evidence).toEqual({
        ...{ candidate: topClass, candidateCount: topCount, runnerUp, runnerUpCount, pValue },
        ...{ n0: 0, n: sum(counts) },
      })
      // The votes that CERTIFY estimates with: one set serves both.
      expect(asked).toEqual([[{ stage: 'estimation', count: sum(counts) }]])
    },
  )
})
