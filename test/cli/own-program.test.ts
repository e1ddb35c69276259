import { afterEach, expect, expectTypeOf, test, vi } from 'vitest'
import { type ProgramValues, runProgram } from '../../src'

const options = {
  testImages: { type: 'number', description: 'how many', min: 1, integer: true, default: 3 },
  radii: { type: 'numbers', description: 'radii', min: 0 },
  output: { type: 'string', value: 'folder', description: 'where' },
  loud: { type: 'boolean', description: 'aloud' },
} as const

const given = process.argv
afterEach(() => {
  process.argv = given
  process.exitCode = undefined
  vi.restoreAllMocks()
})

/** What a program is given by words, and what it prints. */
async function valuesOf(...words: string[]) {
  process.argv = ['node', 'mine.ts', ...words]
  let printed = ''
  const write = (chunk: unknown) => {
    printed += chunk
    return true
  }
  vi.spyOn(process.stderr, 'write').mockImplementation(write)
  vi.spyOn(process.stdout, 'write').mockImplementation(write)
  vi.spyOn(console, 'error').mockImplementation(write)
  const got: unknown[] = []
  await runProgram({ name: 'mine', description: 'Mine.', options }, async values => got.push(values))
  return { got, printed, exitCode: process.exitCode }
}

test('values are those of the options, or their defaults', async () => {
  expect((await valuesOf()).got).toEqual([{ testImages: 3, loud: false }])
  const words = ['--test-images', '5', '--radii', '0,0.5', '--output', 'runs/a', '--loud']
  expect((await valuesOf(...words)).got).toEqual([
    { testImages: 5, radii: [0, 0.5], output: 'runs/a', loud: true },
  ])
  expectTypeOf<ProgramValues<typeof options>>().toEqualTypeOf<{
    readonly testImages: number
    readonly radii: readonly number[] | undefined
    readonly output: string | undefined
    readonly loud: boolean
  }>()
})

test.each([
  ['--test-images', '0', /a whole number of at least 1/],
  ['--radii', '1,1', /Expected each number once/],
  ['--unknown', '1', /unknown option '--unknown'/],
])('%s %s is a usage error', async (option, value, message) => {
  const { got, printed, exitCode } = await valuesOf(option, value)
  expect(got).toEqual([])
  expect(exitCode).toBe(2)
  expect(printed).toMatch(message)
})

test('help lists the options', async () => {
  const { printed } = await valuesOf('--help')
  expect(printed).toMatch(/--test-images <count> +how many \(default: 3\)/)
  expect(printed).toMatch(/--output <folder> +where/)
})
