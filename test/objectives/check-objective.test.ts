import { describe, expect, it } from 'vitest'
import { presets } from '../../src/config/presets'
import { ConfigError } from '../../src/errors'
import { copiesOf, requireObjective } from '../../src/objectives/check-objective'
import { crossEntropy } from '../../src/objectives/cross-entropy'
import { ftCadis } from '../../src/objectives/ft-cadis/ft-cadis'
import { defineObjective } from '../../src/objectives/objective'
import { defineConfig, definitionOf } from '../../src/training/define-config'

const metric = { label: 'a', caption: 'A.', tag: 'loss/a' }

describe('an objective', () => {
  it('of this package lacks nothing', () => {
    requireObjective(ftCadis)
    requireObjective(crossEntropy)
  })

  it.each([
    ['settings', {}, 'settings: expected a schema of zod'],
    ['loss', 3, 'loss: expected a function'],
    ['sums', undefined, 'sums: expected an array, got nothing'],
    ['metrics', { a: { ...metric, label: undefined } }, 'metrics.a.label: expected a string, got nothing'],
    ['metrics', { a: { ...metric, tag: '' } }, 'metrics.a.tag: expected'],
    ['metrics', { a: { ...metric, of: 1 } }, 'metrics.a.of: expected a function'],
    ['footprint', undefined, 'footprint: expected a function'],
  ])('whose %s is %o is refused by name', (field, value, message) => {
    const mine = { ...crossEntropy, kind: 'mine', [field]: value }
    expect(() => defineObjective(mine as never)).toThrow(ConfigError)
    expect(() => defineObjective(mine as never)).toThrow(/The objective mine is not acceptable/)
    expect(() => defineObjective(mine as never)).toThrow(message)
  })

  it.each([0, 1.5, Number.NaN])('of %d copies is refused', copies => {
    const mine = { ...crossEntropy, copies: () => copies }
    const settings = { kind: 'cross-entropy', images: 'smoothed', noises: 1 } as const
    expect(() => copiesOf(mine, settings)).toThrow(`returned ${copies}, expected an integer of at least 1`)
  })
})

describe('a definition of a run', () => {
  const base = presets.digits({ output: 'unused' })

  it('takes what defineObjective returns', () => {
    const objectives = [crossEntropy] as never
    expect(() => defineConfig({ ...base, objectives, method: { kind: 'mine' } })).toThrow(
      'objectives.0: expected what defineObjective returns',
    )
  })

  it('is made by defineConfig', () => {
    const mine = defineObjective({ ...crossEntropy, kind: 'cross-entropy' })
    expect(() => definitionOf({ ...base, objectives: [mine] } as never)).toThrow(
      /passed to defineConfig first/,
    )
  })
})
