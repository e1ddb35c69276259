import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError, parseCertificationConfig, parseConfig, presets } from '../../src'

const config = presets.digits({ denoiser: 'a', classifier: 'b', output: 'c' })

/** Ways to every value of a configuration, the whole one among them. */
function pathsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, key]))]
}

function withValue(value: unknown, [key, ...rest]: readonly string[], replacement: unknown): unknown {
  if (key === undefined) return replacement
  if (Array.isArray(value))
    return value.map((item, i) => (String(i) === key ? withValue(item, rest, replacement) : item))
  const object = value as Record<string, unknown>
  return { ...object, [key]: withValue(object[key], rest, replacement) }
}

/** JSON, with numbers and texts that programs stumble over. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(-0, 2 ** 53, 1e308, -1, 0.5, '', '__proto__', 'NaN', null, [], {}, [[]], true),
  fc.constantFrom<unknown>(undefined, Number.NaN, Number.POSITIVE_INFINITY, 5n, Symbol.iterator, () => 1),
  fc.constant([{ cycle: 1n }]),
)

describe('a configuration of anything', () => {
  it('is refused with an error of this package', () => {
    fc.assert(
      fc.property(anything, value => {
        expect(() => parseConfig(value as never)).toThrow(ConfigError)
        expect(() => parseCertificationConfig(value as never)).toThrow(ConfigError)
      }),
    )
  })

  it('in one place is refused, naming the place, or is a configuration that parses to itself', () => {
    fc.assert(
      fc.property(fc.constantFrom(...pathsIn(config)), anything, (path, value) => {
        const changed = withValue(config, path, value) as never
        let parsed: ReturnType<typeof parseConfig>
        try {
          parsed = parseConfig(changed)
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError)
          expect((error as ConfigError).message.length).toBeLessThan(2000)
          return
        }
        expect(parseConfig(parsed)).toEqual(parsed)
        // JSON knows no -0.
        const throughJson = JSON.parse(JSON.stringify(parsed))
        expect(parseConfig(throughJson)).toEqual(throughJson)
      }),
      { numRuns: 300 },
    )
  })

  it('beside the known fields is refused by its name', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), anything, (name, value) => {
        fc.pre(!Object.hasOwn(config, name) && name !== '__proto__' && value !== undefined)
        fc.pre(!['device', 'threads', 'compile'].includes(name))
        expect(() => parseConfig({ ...config, [name]: value } as never)).toThrow(ConfigError)
      }),
    )
  })
})
