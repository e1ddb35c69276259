import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readCheckpoint } from '../../src/runs/checkpoint'

const EARLIER = join(__dirname, '..', 'support', 'earlier-run', 'checkpoints', 'epoch-03')

it('has the parameter groups of the released code where it says nothing of them', async () => {
  const { state } = await readCheckpoint(EARLIER)
  expect(state.config.optimisation.parameterGroups).toBe('released')
})
