import { ConfigError } from '../../errors'
import type { VoteRequest } from './adaptive-run'

/** @throws ConfigError unless alpha is in (0, 1), and n and block are integers of at least 1 */
export function requireVoteOptions({
  alpha,
  n,
  block,
}: {
  readonly alpha: number
  readonly n: number
  readonly block: number
}): void {
  if (!(alpha > 0 && alpha < 1)) {
    throw new ConfigError(`alpha must be between 0 and 1, both excluded, got ${alpha}.`, {
      remedy: 'Set the probability of a wrong certificate, for instance 0.001.',
    })
  }
  for (const [name, value] of Object.entries({ n, block })) {
    if (!(Number.isSafeInteger(value) && value >= 1)) {
      throw new ConfigError(`${name} must be an integer of at least 1, got ${value}.`, {
        remedy: 'Set the most votes that an image may use, and how many are drawn at once.',
      })
    }
  }
}

/** Returns the number of requested votes, of which `candidateVotes` are for the class. */
export function requireVotes(candidateVotes: number, next: VoteRequest | undefined): number {
  if (next === undefined) {
    throw new ConfigError('The certification is done and takes no more votes.', {
      remedy: 'Read its certificate, and begin another for the next image.',
    })
  }
  if (!(Number.isSafeInteger(candidateVotes) && candidateVotes >= 0 && candidateVotes <= next.votes)) {
    throw new ConfigError(
      `The votes for the class must be an integer from 0 to the ${next.votes} asked for, got ${candidateVotes}.`,
      { remedy: 'Draw as many votes as `next` asks for, and pass those for the class.' },
    )
  }
  return next.votes
}
