import type { Classifier } from '../../torch'
import type { Aggregation } from './aggregate'
import { consensusVoter } from './consensus'
import { ensembleVoter } from './ensemble'
import { singleVoter } from './single'
import type { Voter } from './voter'

/** How several classifiers vote as one. */
export interface EnsembleVote {
  readonly by: Aggregation
  /** k of k-consensus. Default: all members vote on every copy. */
  readonly consensus?: number | undefined
}

/** Returns the voter for one classifier, or for several as one. */
export function voterOf(
  [first, ...others]: readonly [Classifier, ...Classifier[]],
  { classes, ensemble }: { readonly classes: number; readonly ensemble?: EnsembleVote | undefined },
): Voter {
  if (ensemble === undefined) return singleVoter(first, { classes })
  const { by, consensus } = ensemble
  return consensus === undefined
    ? ensembleVoter([first, ...others], { classes, by })
    : consensusVoter([first, ...others], { classes, by, consensus })
}
