import { expect, it } from 'vitest'
import { ConfigError, presets } from '../../../src'
import { memberConfigs } from '../../../src/cli/train/member-configs'

const config = { ...presets.digits({ output: 'runs/a' }), seed: 5 }

it('makes a run with a seed and its own folder for each member', () => {
  const runs = memberConfigs(config, 3)
  expect(runs.map(({ seed, output }) => [seed, output])).toEqual([
    [5, 'runs/a/members/0'],
    [6, 'runs/a/members/1'],
    [7, 'runs/a/members/2'],
  ])
  const { seed: _, output: __, ...shared } = config
  for (const run of runs) expect(run).toMatchObject(shared)
  expect(memberConfigs(config, undefined)).toEqual([config])
})

it('refuses members of a method that trains them together', () => {
  const method = {
    kind: 'diverse-ensemble',
    members: 3,
    noises: 2,
    gradientWeight: 1,
    marginWeight: 1,
  } as const
  expect(() => memberConfigs({ ...config, method }, 2)).toThrow(ConfigError)
  expect(() => memberConfigs({ ...config, method }, 2)).toThrow(
    'The method diverse-ensemble trains its members together, got --members 2. Give --set method.members=2 instead.',
  )
})
