import { argmax, type Classifier, eq, max, type Tensor, where } from '../../torch'
import { ONLY_BALLOT } from '../certifiers/certifier'
import type { Voter } from './voter'

/** One classifier, which votes for the class with the largest logit. */
export function singleVoter(classifier: Classifier, { classes }: { readonly classes: number }): Voter {
  return {
    ballots: { [ONLY_BALLOT]: { classes } },
    cast: seen_NCHW => ({ [ONLY_BALLOT]: leadingClass_N(classifier.classify(seen_NCHW)) }),
  }
}

/** The class with the largest logit, the first of equals; -1 where a logit is NaN, which `argmax` takes for the largest. */
function leadingClass_N(logits_NK: Tensor<'NK'>): Tensor<'N'> {
  const largest_N = max(logits_NK, 'K')
  return where(eq(largest_N, largest_N), argmax(logits_NK, 'K'), -1)
}
