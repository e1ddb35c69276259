import { describe, expect, it } from 'vitest'
import { certificationOf, parseCertificationConfig } from '../../src'
import { presets } from '../../src/config/presets'
import { ConfigError } from '../../src/errors'

const settings = certificationOf(presets.digits({ output: 'runs/a' }))
const parse = (ensemble: unknown) => parseCertificationConfig({ ...settings, ensemble })
const others = [{ path: 'b' }, { checkpoint: 'runs/c/checkpoints/epoch-01' }]

describe('an ensemble', () => {
  it('sums logits of all its members unless another thing is said', () => {
    expect(parse({ others }).ensemble).toEqual({ others, by: 'logits' })
    expect(parse({ others, by: [1, 0, -2], consensus: 3 }).ensemble).toEqual({
      ...{ others, by: [1, 0, -2], consensus: 3 },
    })
  })

  it.each<[string, object, RegExp]>([
    [
      'k larger than it',
      { others, consensus: 4 },
      /ensemble.consensus: expected at most the 3 members, got 4/,
    ],
    [
      'weights for other members',
      { others, by: [1, 2] },
      /ensemble.by: expected a weight .* 3 members, got 2/,
    ],
    ['weights of 0 alone', { others, by: [0, 0, 0] }, /ensemble.by: expected a weight other than 0/],
    ['a member twice', { others: [{}] }, /ensemble.others\[?\.?0\]?: expected path or checkpoint/],
    ['no other member', { others: [] }, /ensemble.others/],
  ])('refuses %s', (_what, ensemble, message) => {
    expect(() => parse(ensemble)).toThrow(ConfigError)
    expect(() => parse(ensemble)).toThrow(message)
  })

  it('has no consensus where a noisy copy votes several times', () => {
    const purify = { kind: 'local', sigma: 0.1, votes: 3 } as const
    const certification = { ...settings.certification, purify }
    const asked = (consensus?: number) =>
      parseCertificationConfig({ ...settings, certification, ensemble: { others, consensus } })
    expect(() => asked(2)).toThrow(/ensemble.consensus: expected none where a noisy copy votes several times/)
    expect(asked().certification.purify).toEqual(purify)
  })
})
