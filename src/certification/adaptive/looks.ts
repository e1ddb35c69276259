export interface LookOptions {
  /** The most votes that may be drawn. */
  readonly n: number
  /** Votes come in multiples of this many, the last look apart. */
  readonly block: number
}

/** Fewer votes than this save nothing that is worth a look. */
const FIRST_LOOK = 64

/** From look to look the votes grow by this factor: closer ones save less than 1 % of the votes. */
const GROWTH = 1.1

/** The numbers of votes after which a decision may fall, increasing, n the last. */
export function lookSchedule({ n, block }: LookOptions): readonly number[] {
  const looks: number[] = []
  for (let votes = roundUp(FIRST_LOOK, block); votes < n; ) {
    looks.push(votes)
    votes = roundUp(votes * GROWTH, block)
  }
  return [...looks, n]
}

/** The least multiple of `block` that is not below `votes`. */
export function roundUp(votes: number, block: number): number {
  return Math.ceil(votes / block) * block
}
