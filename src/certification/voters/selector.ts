import { leadingClass } from '../../smoothing/leading-class'
import {
  add,
  type Classifier,
  exp,
  gt,
  logSoftmax,
  mul,
  select,
  softmax,
  sum,
  type Tensor,
  to,
  where,
} from '../../torch'
import { SELECTOR_BALLOT } from '../certifiers/aces'
import { ONLY_BALLOT } from '../certifiers/certifier'
import type { Voter } from './voter'

export interface SelectorVoterOptions {
  /** K of the certification network. */
  readonly classes: number
  /** A copy goes to the certification network if its score is at most this, in [0, 1]. */
  readonly threshold: number
  /** A network with two classes, 0 for the core. Default: the entropy of the certification network decides. */
  readonly selector?: Classifier
}

/**
 * ACES (Horváth et al., 2022): votes on the same copies for the network to use (1 for the certification network) and for the certification
 * network's class. The score is the probability of the selector's class 0, or the entropy of the network's softmax as a share of ln K.
 */
export function selectorVoter(
  network: Classifier,
  { classes, threshold, selector }: SelectorVoterOptions,
): Voter {
  return {
    networks: selector === undefined ? [network] : [network, selector],
    ballots: { [SELECTOR_BALLOT]: { classes: 2 }, [ONLY_BALLOT]: { classes } },
    cast: (seen_NCHW, asked) => {
      const logits_NK = network.classify(seen_NCHW)
      const selected = () =>
        selector === undefined
          ? selectedByEntropy(logits_NK, { classes, threshold })
          : selectedByNetwork(selector.classify(seen_NCHW), { threshold })
      return {
        ...(asked.includes(SELECTOR_BALLOT) && { [SELECTOR_BALLOT]: selected() }),
        ...(asked.includes(ONLY_BALLOT) && { [ONLY_BALLOT]: leadingClass(logits_NK) }),
      }
    },
  }
}

/** Returns 1 if the entropy of the softmax is at most a share of ln K, else 0; -1 if it is NaN. */
export function selectedByEntropy(
  logits_NK: Tensor<'NK'>,
  { classes, threshold }: Pick<SelectorVoterOptions, 'classes' | 'threshold'>,
): Tensor<'N'> {
  const logs_NK = logSoftmax(logits_NK, 'K')
  return atMost(mul(sum(mul(exp(logs_NK), logs_NK), 'K'), -1 / Math.log(classes)), threshold, logits_NK)
}

/** Returns 1 if the probability of class 0 is at most the threshold, else 0; -1 if it is NaN. */
export function selectedByNetwork(
  logits_NK: Tensor<'NK'>,
  { threshold }: Pick<SelectorVoterOptions, 'threshold'>,
): Tensor<'N'> {
  return atMost(select(softmax(logits_NK, 'K'), 'K', 0), threshold, logits_NK)
}

function atMost(score_N: Tensor<'N'>, threshold: number, logits_NK: Tensor<'NK'>): Tensor<'N'> {
  const selected_N = add(mul(to(gt(score_N, threshold), 'int64'), -1), 1)
  return where(gt(leadingClass(logits_NK), -1), selected_N, -1)
}
