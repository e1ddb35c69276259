import { expect, it } from 'vitest'
import { armBallot, armsVoter, type Voter } from '../../../src/certification/voters'
import type { Tensor } from '../../../src/torch'

const SEEN = {} as Tensor<'NCHW'>

/** A voter with some ballots, which tells what it was asked. */
function voter(name: string, ballots: readonly string[], asked: unknown[]): Voter {
  return {
    networks: [{ id: name } as never],
    ballots: Object.fromEntries(ballots.map((ballot, place) => [ballot, { classes: 10 + place }])),
    cast: (seen, own) => {
      asked.push([name, seen === SEEN, own])
      return Object.fromEntries(own.map(ballot => [ballot, `${name}'s ${ballot}` as never]))
    },
  }
}

it('names the ballots of its arms apart, and has those vote that are asked', () => {
  const asked: unknown[] = []
  const arms = armsVoter([voter('first', ['class'], asked), voter('second', ['class', 'selector'], asked)])
  const [first, second, selector] = [armBallot(0, 'class'), armBallot(1, 'class'), armBallot(1, 'selector')]
  expect(arms.networks).toEqual([{ id: 'first' }, { id: 'second' }])
  expect(arms.ballots).toEqual({
    [first]: { classes: 10 },
    [second]: { classes: 10 },
    [selector]: { classes: 11 },
  })
  expect(arms.cast(SEEN, [first, selector])).toEqual({
    [first]: "first's class",
    [selector]: "second's selector",
  })
  expect(asked.splice(0)).toEqual([
    ['first', true, ['class']],
    ['second', true, ['selector']],
  ])
  expect(arms.cast(SEEN, [second])).toEqual({ [second]: "second's class" })
  expect(asked).toEqual([['second', true, ['class']]])
})
