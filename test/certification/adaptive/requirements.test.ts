import { describe, expect, it } from 'vitest'
import { requireVoteOptions, requireVotes } from '../../../src/certification/adaptive/requirements'
import { ConfigError } from '../../../src/errors'

const OPTIONS = { alpha: 0.001, n: 100, block: 16 }
const ASKED = { votes: 16, stage: 'estimation' } as const

describe('requireVoteOptions', () => {
  it.each([
    {},
    { alpha: Number.MIN_VALUE },
    { alpha: 1 - Number.EPSILON },
    { n: 1, block: 1 },
    { block: 1000 },
  ])('takes %o', options => {
    expect(() => requireVoteOptions({ ...OPTIONS, ...options })).not.toThrow()
  })

  it.each([
    [{ alpha: 0 }, 'alpha must be between 0 and 1, both excluded, got 0.'],
    [{ alpha: 1 }, 'alpha must be between 0 and 1, both excluded, got 1.'],
    [{ alpha: -0.1 }, 'alpha must be'],
    [{ alpha: Number.NaN }, 'alpha must be'],
    [{ n: 0 }, 'n must be an integer of at least 1, got 0.'],
    [{ n: 10.5 }, 'n must be'],
    [{ n: Number.POSITIVE_INFINITY }, 'n must be'],
    [{ block: 0 }, 'block must be an integer of at least 1, got 0.'],
    [{ block: -16 }, 'block must be'],
    [{ block: 1.5 }, 'block must be'],
  ])('refuses %o, and says what to do', (options, message) => {
    const refused = () => requireVoteOptions({ ...OPTIONS, ...options })
    expect(refused).toThrow(ConfigError)
    expect(refused).toThrow(message)
    expect(refused).toThrow('Set the ')
  })
})

describe('requireVotes', () => {
  it.each([0, 1, 16])('takes %i of 16 votes, and returns how many were asked for', count => {
    expect(requireVotes(count, ASKED)).toBe(16)
  })

  it.each([-1, 17, 0.5, Number.NaN])('refuses %d of 16 votes', count => {
    const refused = () => requireVotes(count, ASKED)
    expect(refused).toThrow(ConfigError)
    expect(refused).toThrow(`an integer from 0 to the 16 asked for, got ${count}. Draw as many`)
  })

  it('refuses votes that nothing asked for', () => {
    expect(() => requireVotes(0, undefined)).toThrow(ConfigError)
    expect(() => requireVotes(0, undefined)).toThrow('takes no more votes. Read its certificate')
  })
})
