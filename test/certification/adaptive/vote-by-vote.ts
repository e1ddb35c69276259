import type { SequentialTest } from '../../../src/statistics/sequential-test'

/**
 * What a test does, by carrying the number of misses from vote to vote: no binomials, no tails cut.
 *
 * @param p - probability that a vote is for the class, after this many votes and misses where it depends on them
 */
export function voteByVote(
  { looks, certifyUpTo, giveUpFrom }: SequentialTest,
  p: number | ((votes: number, misses: number) => number),
): { certified: number; votes: number } {
  let probabilities = [1]
  let certified = 0
  let votes = 0
  for (let vote = 1; vote <= (looks[looks.length - 1] as number); vote++) {
    votes += probabilities.reduce((sum, probability) => sum + probability, 0)
    const before = probabilities
    const hit = (misses: number) => (typeof p === 'number' ? p : p(vote - 1, misses))
    probabilities = Array.from(
      { length: vote + 1 },
      (_, misses) => (before[misses] ?? 0) * hit(misses) + (before[misses - 1] ?? 0) * (1 - hit(misses - 1)),
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

/** What a test decides, and when, on votes of which some are misses. */
export function firstDecision(
  { certifyUpTo, giveUpFrom }: SequentialTest,
  looks: readonly number[],
  misses: readonly boolean[],
): { isCertified: boolean; votes: number } {
  for (const [k, votes] of looks.entries()) {
    const count = misses.slice(0, votes).filter(isMiss => isMiss).length
    if (count <= (certifyUpTo[k] as number)) return { isCertified: true, votes }
    if (count >= (giveUpFrom[k] as number)) return { isCertified: false, votes }
  }
  throw new Error('A test decides at its last look.')
}

/**
 * The probability that a radius with a threshold of at least p is certified, by carrying every state of all tests from vote
 * to vote: which are open, certified or given up, and how many misses there are.
 */
export function probabilityOfClaim(
  tests: readonly SequentialTest[],
  looks: readonly number[],
  p: number,
): number {
  let states = new Map([[`0 ${'?'.repeat(tests.length)}`, 1]])
  looks.forEach((votes, k) => {
    for (let vote = looks[k - 1] ?? 0; vote < votes; vote++) {
      const after = new Map<string, number>()
      for (const [state, weight] of states) {
        const [misses, decisions] = state.split(' ') as [string, string]
        for (const [miss, chance] of [
          [0, p],
          [1, 1 - p],
        ] as const) {
          const key = `${Number(misses) + miss} ${decisions}`
          after.set(key, (after.get(key) ?? 0) + weight * chance)
        }
      }
      states = after
    }
    const after = new Map<string, number>()
    for (const [state, weight] of states) {
      if (weight < 1e-18) continue
      const [misses, decisions] = state.split(' ') as [string, string]
      const decided = [...decisions].map((decision, i) => {
        const { certifyUpTo, giveUpFrom } = tests[i] as SequentialTest
        if (decision !== '?') return decision
        if (Number(misses) <= (certifyUpTo[k] as number)) return 'y'
        return Number(misses) >= (giveUpFrom[k] as number) ? 'n' : '?'
      })
      const key = `${misses} ${decided.join('')}`
      after.set(key, (after.get(key) ?? 0) + weight)
    }
    states = after
  })
  let probability = 0
  for (const [state, weight] of states) {
    const decisions = (state.split(' ') as [string, string])[1]
    const certified = [...`${decisions}n`].findIndex(decision => decision !== 'y')
    if (certified > 0 && (tests[certified - 1] as SequentialTest).threshold >= p) probability += weight
  }
  return probability
}
