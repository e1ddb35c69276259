import { leadingClass } from '../../smoothing/leading-class'
import { type Classifier, eq, indexSelect, mul, ne, rowsWhere, type Tensor, to, where } from '../../torch'
import { ONLY_BALLOT } from '../certifiers/certifier'
import { aggregatedClass } from './aggregate'
import { type EnsembleVoterOptions, logitsOf, type Members } from './ensemble'
import { type Cast, OPEN, type Voter } from './voter'

/**
 * k-consensus (Horváth et al., 2022): the first k members vote on every copy. If they agree, that is its class. All other copies are left
 * open for the remaining members: their class is that of the whole ensemble.
 *
 * @param options - `consensus`: k, from 1 to the number of members
 */
export function consensusVoter(
  members: Members,
  { classes, by = 'logits', consensus }: EnsembleVoterOptions & { readonly consensus: number },
): Voter {
  const first = members.slice(0, consensus) as readonly Classifier[] as Members
  const rest = members.slice(consensus)
  const ofAll = (logits: readonly Tensor<'NK'>[]) =>
    aggregatedClass(logits as [Tensor<'NK'>, ...Tensor<'NK'>[]], { classes, by })
  const cast = (seen_NCHW: Tensor<'NCHW'>): Cast => {
    const logits = logitsOf(first, seen_NCHW)
    const [lead_N, ...others] = logits.map(leadingClass) as [Tensor<'N'>, ...Tensor<'N'>[]]
    const agreeing_N = others.reduce(
      (total, class_N) => mul(total, to(eq(class_N, lead_N), 'int64')),
      to(eq(lead_N, lead_N), 'int64'),
    )
    // No members remain.
    if (rest.length === 0) return where(eq(agreeing_N, 1), lead_N, ofAll(logits))
    const open_N = rowsWhere(ne(agreeing_N, 1))
    return {
      class_N: where(eq(agreeing_N, 1), lead_N, OPEN),
      kept: {
        seen_NCHW: indexSelect(seen_NCHW, 'N', open_N),
        logits: logits.map(logits_NK => indexSelect(logits_NK, 'N', open_N)),
      },
    }
  }
  return {
    networks: members,
    ballots: { [ONLY_BALLOT]: { classes } },
    cast: seen_NCHW => ({ [ONLY_BALLOT]: cast(seen_NCHW) }),
    ...(rest.length > 0 && {
      rests: {
        [ONLY_BALLOT]: {
          networks: rest,
          cast: ({ seen_NCHW, logits }) => ofAll([...logits, ...logitsOf(rest, seen_NCHW)]),
        },
      },
    }),
  }
}
