import { expect, test } from 'vitest'
import { launchRank } from '../../src/environment/launch-rank'
import { ConfigError } from '../../src/errors'

test('a process that nobody launched is the only one', () => {
  expect(launchRank({})).toEqual({ rank: 0, localRank: 0, worldSize: 1, restartCount: 0, launchId: null })
  expect(launchRank({ RANK: '', LOCAL_RANK: '', WORLD_SIZE: '' })).toMatchObject({ worldSize: 1 })
})

test('a launched process knows its place', () => {
  const env = { RANK: '5', LOCAL_RANK: '1', WORLD_SIZE: '8', TORCHELASTIC_RESTART_COUNT: '2' }
  expect(launchRank(env)).toEqual({ rank: 5, localRank: 1, worldSize: 8, restartCount: 2, launchId: null })
})

test('other launchers need not count restarts', () => {
  expect(launchRank({ RANK: '0', LOCAL_RANK: '0', WORLD_SIZE: '2' }).restartCount).toBe(0)
})

const launched = { RANK: '1', LOCAL_RANK: '1', WORLD_SIZE: '2' }

test.each([
  [{ RANK: '1', WORLD_SIZE: '2' }, 'missing: LOCAL_RANK'],
  [{ WORLD_SIZE: '2' }, 'missing: RANK, LOCAL_RANK'],
  [{ ...launched, RANK: '2' }, "RANK must be a whole number from 0 to 1, got '2'"],
  [{ ...launched, RANK: '-1' }, "got '-1'"],
  [{ ...launched, RANK: '0x1' }, "got '0x1'"],
  [{ ...launched, LOCAL_RANK: '2' }, "LOCAL_RANK must be a whole number from 0 to 1, got '2'"],
  [{ ...launched, WORLD_SIZE: '0' }, "WORLD_SIZE must be a whole number of at least 1, got '0'"],
  [{ ...launched, WORLD_SIZE: 'two' }, "got 'two'"],
  [{ ...launched, TORCHELASTIC_RESTART_COUNT: '1.5' }, 'TORCHELASTIC_RESTART_COUNT'],
])('%o is refused', (env, message) => {
  expect(() => launchRank(env)).toThrow(ConfigError)
  expect(() => launchRank(env)).toThrow(message)
})
