import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { HookTrace, HookTraces } from '../../src/config/hook-trace'
import { ConfigError } from '../../src/errors'
import { requireSameHooks } from '../../src/runs/same-hooks'

const [ONE, OTHER] = ['1'.repeat(64), '2'.repeat(64)]
const named: HookTrace = { name: 'right', parameters: { threshold: 0.8 }, sha256: ONE }
const bare: HookTrace = { name: 'mine', parameters: null, sha256: ONE }

const warn = vi.spyOn(process, 'emitWarning')
beforeEach(() => {
  warn.mockImplementation(() => undefined)
})
afterEach(() => {
  warn.mockReset()
})

const resume =
  (then: HookTraces | null, now: HookTraces, acceptChanged = false) =>
  () =>
    requireSameHooks({ folder: 'run/checkpoints/epoch-01', state: { hooks: then } }, now, { acceptChanged })

describe('a run continues', () => {
  it.each<[string, HookTraces]>([
    ['without hooks', {}],
    ['with the same hook', { rule: named }],
    ['with the same bare function', { rule: bare, schedule: bare }],
    ['with the same bare function of another name', { rule: { ...bare, name: '' } }],
  ])('%s', (_, now) => {
    const then = Object.fromEntries(
      Object.keys(now).map(name => [name, now[name]?.parameters ? named : bare]),
    )
    expect(resume(then, now)).not.toThrow()
    expect(warn).not.toHaveBeenCalled()
  })

  it('with a warning where a hook of the same name and parameters has another source', () => {
    resume({ rule: named }, { rule: { ...named, sha256: OTHER } })()
    expect(warn).toHaveBeenCalledOnce()
    expect(warn.mock.calls[0]?.[0]).toBe(
      'The run of run/checkpoints/epoch-01 continues with another source of a hook:\n' +
        '  rule: right {"threshold":0.8}, source 11111111 in the checkpoint, right {"threshold":0.8}, source 22222222 now',
    )
  })

  it('with a warning where the checkpoint does not say which hooks have trained it', () => {
    resume(null, { rule: named })()
    expect(warn.mock.calls[0]?.[0]).toMatch(/does not say which rule.* cannot be checked/)
  })
})

describe('a run does not continue', () => {
  const right = 'right {"threshold":0.8}, source 11111111'
  it.each<[string, HookTraces, HookTraces, string]>([
    ['without its rule', { rule: named }, {}, `rule: ${right} in the checkpoint, none now`],
    ['with a new rule', {}, { rule: named }, `rule: none in the checkpoint, ${right} now`],
    [
      'without its bare term',
      { lossTerm: bare },
      {},
      'lossTerm: a bare function mine, source 11111111 in the checkpoint, none now',
    ],
    [
      'under another name',
      { rule: named },
      { rule: { ...named, name: 'left' } },
      `rule: ${right} in the checkpoint, left {"threshold":0.8}, source 11111111 now`,
    ],
    [
      'with other parameters',
      { rule: named },
      { rule: { ...named, parameters: { threshold: 0.9 } } },
      `rule: ${right} in the checkpoint, right {"threshold":0.9}, source 11111111 now`,
    ],
  ])('%s, accepted or not', (_, then, now, line) => {
    for (const accepted of [false, true]) {
      expect(resume(then, now, accepted)).toThrow(ConfigError)
      expect(resume(then, now, accepted)).toThrow(`was begun with other hooks:\n  ${line}\n`)
    }
  })

  it.each<[string, HookTrace, HookTrace]>([
    ['a bare function of another source', bare, { ...bare, sha256: OTHER }],
    ['a bare function that shows no source', { ...bare, sha256: null }, { ...bare, sha256: null }],
    ['a bare function in place of a named one', named, bare],
    ['a named function in place of a bare one', bare, named],
  ])('with %s, unless that is accepted', (_, then, now) => {
    expect(resume({ rule: then }, { rule: now })).toThrow(ConfigError)
    expect(resume({ rule: then }, { rule: now })).toThrow(/ {2}rule: .* now\n.*--accept-changed-hooks/)
    expect(warn).not.toHaveBeenCalled()
    expect(resume({ rule: then }, { rule: now }, true)).not.toThrow()
    expect(warn).toHaveBeenCalledOnce()
  })
})
