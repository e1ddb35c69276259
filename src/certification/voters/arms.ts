import type { Voter } from './voter'

/** Returns the name of an arm's ballot. */
export function armBallot(arm: string | number, ballot: string): string {
  return `${arm}/${ballot}`
}

/**
 * Combines several voters on the same copies, which are drawn and denoised once: a paired comparison. {@link armBallot} names each arm's
 * ballots; an arm without requests does not vote.
 */
export function armsVoter(arms: readonly Voter[]): Voter {
  const named = arms.flatMap((voter, arm) =>
    Object.entries(voter.ballots).map(([ballot, asked]) => [armBallot(arm, ballot), asked] as const),
  )
  const rests = arms.flatMap(({ rests = {} }, arm) =>
    Object.entries(rests).map(([ballot, rest]) => [armBallot(arm, ballot), rest] as const),
  )
  return {
    networks: arms.flatMap(({ networks }) => networks),
    ballots: Object.fromEntries(named),
    rests: Object.fromEntries(rests),
    cast: (seen_NCHW, asked) => {
      const cast = arms.flatMap((voter, arm) => {
        const own = Object.keys(voter.ballots).filter(ballot => asked.includes(armBallot(arm, ballot)))
        if (own.length === 0) return []
        const classes = voter.cast(seen_NCHW, own)
        return Object.entries(classes).map(([ballot, class_N]) => [armBallot(arm, ballot), class_N] as const)
      })
      return Object.fromEntries(cast)
    },
  }
}
