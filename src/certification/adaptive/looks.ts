export interface LookOptions {
  /** Largest number of votes. */
  readonly n: number
  /** Votes come in multiples of this, except at the last look. */
  readonly block: number
}

/** Fewer votes save too little to be worth a look. */
const FIRST_LOOK = 64

/** Votes grow by this factor from look to look: closer looks save less than 1 % of the votes. */
const GROWTH = 1.1

/** Returns the numbers of votes at which to look, increasing, with n last. */
export function lookSchedule({ n, block }: LookOptions): readonly number[] {
  const looks: number[] = []
  for (let votes = roundUp(FIRST_LOOK, block); votes < n; ) {
    looks.push(votes)
    votes = roundUp(votes * GROWTH, block)
  }
  return [...looks, n]
}

/** Rounds `votes` up to a multiple of `block`. */
export function roundUp(votes: number, block: number): number {
  return Math.ceil(votes / block) * block
}
