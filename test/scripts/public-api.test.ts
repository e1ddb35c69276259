import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ENTRY_POINTS, publicApi } from '../../scripts/api-reference'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

const MOST_VALUES = 80

const api = publicApi()
const at = (point: keyof typeof ENTRY_POINTS) => api.get(point) ?? []
const root = at('ft-cadis')
const values = root.filter(({ isValue }) => isValue)

// The comment of torch is that of its own entry point.
test(`the root has at most ${MOST_VALUES} values, and says what each is`, () => {
  expect(values.length).toBeGreaterThan(50)
  expect(values.length).toBeLessThanOrEqual(MOST_VALUES)
  expect(values.filter(({ summary }) => summary === '').map(({ name }) => name)).toEqual(['torch'])
})

test('a type that the signature of a value names is exported beside the value, or by torch', () => {
  for (const point of Object.keys(ENTRY_POINTS)) {
    const nameable = new Set([...at(point), ...at('ft-cadis/torch')].map(({ symbol }) => symbol))
    // Who takes the parts asks for them together with what the other entry points have.
    if (point === 'ft-cadis/internal' || point === 'ft-cadis/torch') {
      for (const names of api.values()) for (const { symbol } of names) nameable.add(symbol)
    }
    const missing = at(point).flatMap(({ name, named }) =>
      named
        .filter(({ symbol, file }) => file.startsWith('src/') && !nameable.has(symbol))
        .map(({ symbol }) => `${name}: ${symbol.name}`),
    )
    expect(missing, point).toEqual([])
  }
})

test('a value has one entry point', () => {
  const points = new Map<unknown, string[]>()
  for (const [point, names] of api) {
    for (const { symbol, isValue } of names) {
      if (isValue) points.set(symbol, [...(points.get(symbol) ?? []), point])
    }
  }
  expect([...points.values()].filter(found => found.length > 1)).toEqual([])
})

test('no signature names a type of a dependency, but zod where settings have a schema', () => {
  const foreign = [...api].flatMap(([point, names]) =>
    names.flatMap(({ name, named }) =>
      named
        .filter(({ file }) => /node_modules\/(?!typescript\/|@types\/node\/)/.test(file))
        .map(({ file }) => `${point} ${name}: ${/node_modules\/((@[^/]+\/)?[^/]+)/.exec(file)?.[1]}`),
    ),
  )
  expect(new Set(foreign)).toEqual(
    new Set(
      ['certificationRunSchema', 'parseConfigWith', 'runSchema'].map(
        name => `ft-cadis/internal ${name}: zod`,
      ),
    ),
  )
})

test('no file exports all that another one has', () => {
  const files = readdirSync(join(PACKAGE_FOLDER, 'src'), { recursive: true, encoding: 'utf8' })
  const dumps = files
    .filter(file => file.endsWith('.ts'))
    .filter(file => /^export \* from/m.test(readFileSync(join(PACKAGE_FOLDER, 'src', file), 'utf8')))
  expect(dumps).toEqual([])
})
