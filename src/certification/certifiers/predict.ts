import { ABSTAIN, predictFromCounts } from '../statistics'
import { type Certifier, ONLY_BALLOT, type Steps } from './certifier'

export interface PredictCertifierOptions {
  /** Probability of a wrong class, at most. */
  readonly alpha: number
  readonly n: number
  readonly ballot?: string
}

/** PREDICT (Cohen et al., 2019): the class without a radius, or it abstains. It looks at the votes that CERTIFY estimates with. */
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
