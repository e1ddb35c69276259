import { leadingClass } from '../../smoothing/leading-class'
import type { Classifier } from '../../torch'
import { ONLY_BALLOT } from '../certifiers/certifier'
import type { Voter } from './voter'

/** A voter with one classifier, which votes for the class with the largest logit. */
export function singleVoter(classifier: Classifier, { classes }: { readonly classes: number }): Voter {
  return {
    networks: [classifier],
    ballots: { [ONLY_BALLOT]: { classes } },
    cast: seen_NCHW => ({ [ONLY_BALLOT]: leadingClass(classifier.classify(seen_NCHW)) }),
  }
}
