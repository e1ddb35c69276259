import type { SequentialTest } from '../../../src/certification/adaptive/sequential-test'

/** What a test does, by carrying the number of misses from vote to vote: no binomials, no tails cut. */
export function voteByVote(
  { looks, certifyUpTo, giveUpFrom }: SequentialTest,
  p: number,
): { certified: number; votes: number } {
  let probabilities = [1]
  let certified = 0
  let votes = 0
  for (let vote = 1; vote <= (looks[looks.length - 1] as number); vote++) {
    votes += probabilities.reduce((sum, probability) => sum + probability, 0)
    const before = probabilities
    probabilities = Array.from(
      { length: vote + 1 },
      (_, misses) => (before[misses] ?? 0) * p + (before[misses - 1] ?? 0) * (1 - p),
    )
    const look = looks.indexOf(vote)
    if (look < 0) continue
    probabilities = probabilities.map((probability, misses) => {
      if (misses <= (certifyUpTo[look] as number)) certified += probability
      else if (misses < (giveUpFrom[look] as number)) return probability
      return 0
    })
  }
  return { certified, votes }
}
