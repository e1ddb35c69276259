import { expect, it } from 'vitest'
import { requestTime } from '../../src/cli/run-service'

const timeOf = (seconds: number, maxSeconds = 120) => requestTime({ n: 10_000, seconds }, { maxSeconds })

it('says how long a request takes', () => {
  expect(timeOf(0.2)).toBe(
    'A request with n = 10,000, the default, takes less than a second if no other one is at work.',
  )
  expect(timeOf(60)).toMatch(/takes about 1 min 00 s if no other one is at work\.$/)
})

it('notes that a request takes more than half of its time limit, and what to change', () => {
  expect(timeOf(109)).toMatch(
    /takes about 1 min 49 s .*\nnote: that is more than half of the 120 s that a request may take: lower --n, or raise --max-seconds\.$/,
  )
  expect(timeOf(0.9, 1)).toMatch(/less than a second .*\nnote: /)
  expect(timeOf(109, 300)).not.toContain('note')
})
