import type { Classifier, Tensor } from '../../torch'
import { ONLY_BALLOT } from '../certifiers/certifier'
import { type Aggregation, aggregatedClass } from './aggregate'
import type { Voter } from './voter'

/** At least one classifier; all see the same copies. */
export type Members = readonly [Classifier, ...Classifier[]]

export interface EnsembleVoterOptions {
  /** K. */
  readonly classes: number
  /** Default: logits. */
  readonly by?: Aggregation
}

/** Several classifiers that vote as one (Horváth et al., 2022; Yang et al., 2022). */
export function ensembleVoter(members: Members, { classes, by = 'logits' }: EnsembleVoterOptions): Voter {
  return {
    networks: members,
    ballots: { [ONLY_BALLOT]: { classes } },
    cast: seen_NCHW => ({ [ONLY_BALLOT]: classOf(members, seen_NCHW, { classes, by }) }),
  }
}

function classOf(
  members: Members,
  seen_NCHW: Tensor<'NCHW'>,
  options: Required<EnsembleVoterOptions>,
): Tensor<'N'> {
  return aggregatedClass(logitsOf(members, seen_NCHW) as [Tensor<'NK'>, ...Tensor<'NK'>[]], options)
}

/** Returns each member's logits for the copies. */
export function logitsOf(members: readonly Classifier[], seen_NCHW: Tensor<'NCHW'>): Tensor<'NK'>[] {
  return members.map(member => member.classify(seen_NCHW))
}
