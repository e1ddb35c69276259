import { leadingClass } from '../../smoothing/leading-class'
import { type Classifier, softmax } from '../../torch'
import { ONLY_BALLOT, SCORES_BALLOT } from '../certifiers/certifier'
import type { Voter } from './voter'

/** A voter that sums one classifier's softmax; if votes are requested, it votes for the class with the largest logit. */
export function scoresVoter(classifier: Classifier, { classes }: { readonly classes: number }): Voter {
  return {
    networks: [classifier],
    ballots: { [SCORES_BALLOT]: { classes, kind: 'scores' }, [ONLY_BALLOT]: { classes } },
    cast: (seen_NCHW, asked) => {
      const logits_NK = classifier.classify(seen_NCHW)
      return {
        ...(asked.includes(SCORES_BALLOT) && { [SCORES_BALLOT]: { scores_NK: softmax(logits_NK, 'K') } }),
        ...(asked.includes(ONLY_BALLOT) && { [ONLY_BALLOT]: leadingClass(logits_NK) }),
      }
    },
  }
}
