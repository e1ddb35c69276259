import { describe, expect, it } from 'vitest'
import { presets } from '../../src/config/presets'
import { ConfigError } from '../../src/errors'
import { ftCadis } from '../../src/objectives/ft-cadis/ft-cadis'
import type { Place } from '../../src/objectives/place'
import { checkedSchedule, requireHooks } from '../../src/training/check-hooks'
import { tracesOf } from '../../src/training/trace-hooks'

describe('the hooks of finetune', () => {
  it.each([
    [{ existing: 'overwrite' }, 'The hook existing takes refuse, replace, resume, got overwrite.'],
    [{ onNonFinite: 'ignore' }, 'The hook onNonFinite takes skip, stop, got ignore.'],
    [{ stopAfterUpdates: 0 }, 'The hook stopAfterUpdates takes an integer of at least 1, got 0.'],
    [{ evaluationImages: 1.5 }, 'The hook evaluationImages takes an integer of at least 1, got 1.5.'],
    [{ rule: { name: 'mine' } }, 'The hook rule takes a function, got [object Object].'],
    [{ acceptChangedHooks: 'yes' }, 'The hook acceptChangedHooks takes true or false, got yes.'],
    [{ maxHours: Number.NaN }, 'The hook maxHours takes a number of at least 0, got NaN.'],
    [{ onUpdat: () => undefined }, 'finetune has no hook onUpdat, expected acceptChangedHooks, denoiser, '],
  ])('%o are refused', (hooks, message) => {
    expect(() => requireHooks(hooks)).toThrow(ConfigError)
    expect(() => requireHooks(hooks)).toThrow(message)
  })

  it('leave a trace where they decide what is trained', () => {
    const decide = { rule: () => 1, lossTerm: () => 1, schedule: () => 1 }
    expect(Object.keys(tracesOf({ ...decide, onUpdate: () => 1 } as object))).toEqual(Object.keys(decide))
  })

  it('are accepted as they are documented, and may be undefined', () => {
    requireHooks({ existing: 'resume', maxHours: 0.5, stopAfterUpdates: 3, onUpdate: () => undefined })
    requireHooks({ existing: undefined, signal: undefined })
  })
})

describe('a schedule', () => {
  const { method } = presets.digits({ output: 'unused' })
  const place: Place = {
    epoch: 1,
    update: 1,
    updatesPerEpoch: 4,
    epochs: 2,
    step: 7,
    steps: 8,
    epochsDone: 0,
  }
  const configured = { learningRate: 1e-3, weightDecay: 0.1, method }
  const answer = (returned: unknown) => {
    const rising = () => returned as object
    return () => checkedSchedule(ftCadis, rising)(place, configured)
  }

  it.each([
    [
      { learningRate: Number.NaN },
      'learningRate for update 7: expected a finite number of at least 0, got NaN',
    ],
    [{ weightDecay: -1 }, 'weightDecay for update 7: expected a finite number of at least 0, got -1'],
    [{ lr: 1 }, 'lr for update 7: expected learningRate, weightDecay or method, got 1'],
    [{ method: { ...method, noises: 0 } }, 'method.noises for update 7: expected settings of ft-cadis'],
    [{ method: { kind: 'cross-entropy' } }, 'method.kind for update 7: expected settings of ft-cadis'],
  ])('that returns %o is refused by name, update and field', (returned, message) => {
    expect(answer(returned)).toThrow(ConfigError)
    expect(answer(returned)).toThrow(`The schedule rising returned ${message}`)
  })

  it('may override a part or nothing', () => {
    const attack = { ...method.attack, epsilon: 0.1 }
    expect(answer({ method: { ...method, attack } })()).toMatchObject({
      method: { attack: { epsilon: 0.1 } },
    })
    expect(answer(undefined)()).toEqual({})
  })
})
