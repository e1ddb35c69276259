import { leadingClass } from '../../smoothing/leading-class'
import {
  add,
  type Classifier,
  eq,
  indexSelect,
  mul,
  ne,
  replaceRows,
  rowsWhere,
  sub,
  type Tensor,
  to,
} from '../../torch'
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

/**
 * k-consensus (Horváth et al., 2022): the first k members are asked about every copy. Where they agree, that is its class; about all
 * other copies the rest is asked as well, and the class is that of the whole ensemble.
 *
 * @param options.consensus - k, from 1 to the number of members
 */
export function consensusVoter(
  members: Members,
  { classes, by = 'logits', consensus }: EnsembleVoterOptions & { readonly consensus: number },
): Voter {
  const first = members.slice(0, consensus) as readonly Classifier[] as Members
  const rest = members.slice(consensus)
  const cast = (seen_NCHW: Tensor<'NCHW'>): Tensor<'N'> => {
    const known = logitsOf(first, seen_NCHW)
    const [lead_N, ...others] = known.map(leadingClass) as [Tensor<'N'>, ...Tensor<'N'>[]]
    const agreeing_N = others.reduce(
      (total, class_N) => mul(total, to(eq(class_N, lead_N), 'int64')),
      to(eq(lead_N, lead_N), 'int64'),
    )
    const open_N = rowsWhere(ne(agreeing_N, 1))
    const ofOpen = [
      ...known.map(logits_NK => indexSelect(logits_NK, 'N', open_N)),
      ...logitsOf(rest, indexSelect(seen_NCHW, 'N', open_N)),
    ] as [Tensor<'NK'>, ...Tensor<'NK'>[]]
    const all_N = replaceRows(lead_N, { at: open_N, by: aggregatedClass(ofOpen, { classes, by }) })
    const disagreeing_N = sub(to(eq(lead_N, lead_N), 'int64'), agreeing_N)
    return add(mul(lead_N, agreeing_N), mul(all_N, disagreeing_N))
  }
  return {
    networks: members,
    ballots: { [ONLY_BALLOT]: { classes } },
    cast: seen_NCHW => ({ [ONLY_BALLOT]: cast(seen_NCHW) }),
  }
}

function classOf(
  members: Members,
  seen_NCHW: Tensor<'NCHW'>,
  options: Required<EnsembleVoterOptions>,
): Tensor<'N'> {
  return aggregatedClass(logitsOf(members, seen_NCHW) as [Tensor<'NK'>, ...Tensor<'NK'>[]], options)
}

function logitsOf(members: readonly Classifier[], seen_NCHW: Tensor<'NCHW'>): Tensor<'NK'>[] {
  return members.map(member => member.classify(seen_NCHW))
}
