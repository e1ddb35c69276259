import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { captureCallSite, describeCallSite } from '../../src/bridge/call-site'
import { placeOf } from './support'

const src = join(__dirname, '..', '..', 'src')
const stack = (...frames: string[]) => ({
  stack: ['Error', ...frames.map(frame => `    at ${frame}`)].join('\n'),
})

describe('describeCallSite', () => {
  test('names this line', () => {
    const site = captureCallSite() // here
    expect(describeCallSite(site)).toMatch(placeOf(__filename, 'here'))
  })

  const recording = [
    `Session.record (${join(src, 'bridge', 'session.ts')}:71:5)`,
    `apply (${join(src, 'torch', 'operations.ts')}:26:28)`,
  ]

  test.each([
    [
      'a named function',
      `step (${join(src, 'objectives', 'losses.ts')}:12:3)`,
      'src/objectives/losses.ts:12:3',
    ],
    ['no function', `${join(src, 'objectives', 'losses.ts')}:12:3`, 'src/objectives/losses.ts:12:3'],
    ['an async function', `async ${join(src, 'a.ts')}:1:2`, 'src/a.ts:1:2'],
    ['a module', `file://${join(src, 'a.mjs')}:1:2`, 'src/a.mjs:1:2'],
    ['a method of another name', `Object.run [as go] (${join(src, 'a b.ts')}:1:2)`, 'src/a b.ts:1:2'],
    ['a folder of a like name', `go (${join(src, 'bridges', 'a.ts')}:1:2)`, 'src/bridges/a.ts:1:2'],
  ])('skips what records on behalf of others, and understands %s', (_what, frame, place) => {
    expect(describeCallSite(stack(...recording, frame, `main (${join(src, 'main.ts')}:9:9)`))).toBe(place)
  })

  test('skips what has no place: a callback is called by the built-in that takes it', () => {
    const frames = ['Array.map (<anonymous>)', `go (${join(src, 'a.ts')}:1:2)`]
    expect(describeCallSite(stack(...recording, ...frames))).toBe('src/a.ts:1:2')
  })

  test('names the innermost place where all of them record', () => {
    expect(describeCallSite(stack(...recording))).toBe('src/bridge/session.ts:71:5')
  })
})

test('captureCallSite leaves the depth of other stacks as it was', () => {
  const { stackTraceLimit } = Error
  captureCallSite()
  expect(Error.stackTraceLimit).toBe(stackTraceLimit)
})
