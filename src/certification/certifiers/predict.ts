import { ABSTAIN, predictFromCounts } from '../statistics'
import { type Certifier, ONLY_BALLOT, type Steps } from './certifier'

export interface PredictCertifierOptions {
  /** Upper bound of the probability of a wrong class. */
  readonly alpha: number
  readonly n: number
  readonly ballot?: string
}

/** PREDICT (Cohen et al., 2019): returns the class without a radius, or abstains. It uses CERTIFY's estimation votes. */
export function predictCertifier({ alpha, n, ballot = ONLY_BALLOT }: PredictCertifierOptions): Certifier {
  return {
    kind: 'predict',
    ballot,
    *begin(): Steps {
      const [votes = []] = yield [{ stage: 'estimation', count: n }]
      const { prediction, topClass, topCount, ...tested } = predictFromCounts(votes, { alpha })
      const evidence = { candidate: topClass, candidateCount: topCount, ...tested, n0: 0, n }
      return prediction === ABSTAIN
        ? { kind: 'abstains', evidence }
        : { kind: 'predicted', class: prediction, evidence }
    },
  }
}
