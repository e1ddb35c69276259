import { expect, it } from 'vitest'
import { METHOD_KINDS, methodSchema } from '../../src/config/methods'
import { trainedBy } from '../../src/config/methods/trained'
import { ConfigError } from '../../src/errors'
import { findObjective, kindOf, OBJECTIVES } from '../../src/objectives/registry'

const kinds = Object.keys(OBJECTIVES)

it('holds the kinds of the configuration, each under its own name', () => {
  expect(new Set(METHOD_KINDS)).toEqual(new Set(kinds))
  expect(METHOD_KINDS).toHaveLength(kinds.length)
  for (const [kind, objective] of Object.entries(OBJECTIVES)) {
    expect(kindOf(objective)).toBe(kind)
    const owners = methodSchema.options.filter(({ shape }) => shape.kind.safeParse(kind).success)
    expect(owners).toHaveLength(1)
    expect(objective(({ settings }): unknown => settings)).toBe(owners[0])
  }
  expect(methodSchema.options).toHaveLength(kinds.length)
})

it('trains what the configuration says of its kind', () => {
  for (const [kind, objective] of Object.entries(OBJECTIVES)) {
    expect(
      objective(({ trains = 'classifier' }) => trains),
      kind,
    ).toBe(trainedBy(kind))
  }
  expect(new Set(kinds.map(trainedBy))).toEqual(new Set(['classifier', 'members', 'denoiser']))
})

it('says which kinds there are where one is not', () => {
  expect(() => findObjective('mine')).toThrow(ConfigError)
  expect(() => findObjective('mine')).toThrow(
    `method.kind: expected ${kinds.join(' or ')}, got mine. Pass an objective of this kind to defineConfig, in \`objectives\`.`,
  )
  // A name that every object has is not a kind.
  expect(() => findObjective('toString')).toThrow(/got toString/)
})
