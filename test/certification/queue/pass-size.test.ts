import { expect, it } from 'vitest'
import { PassSize, passSizeOf } from '../../../src/certification/queue/pass-size'
import { outOfMemory } from './fake-network'

it.each([
  [100, 1e6, 96],
  [64, 1e6, 64],
  [7, 1e6, 7],
  [512, 112, 112],
  [512, 113, 128],
  [7, 3, 7],
])('is, of a batch of %d and %d copies in all, %d', (batch, copies, size) => {
  expect(passSizeOf({ batch, copies })).toBe(size)
})

it('is halved, in whole blocks while it has one, each time that memory runs out', () => {
  const notes: string[] = []
  const size = new PassSize(96, { onNote: note => notes.push(note) })
  const sizes = []
  while (size.size > 1) {
    size.halve(size.size, outOfMemory())
    sizes.push(size.size)
  }
  expect(sizes).toEqual([48, 16, 8, 4, 2, 1])
  expect(notes[0]).toBe('Memory does not suffice for batches of 96; continuing with 48.')
  expect(notes).toHaveLength(6)
  expect(() => size.halve(1, outOfMemory())).toThrow('CUDA out of memory')
})

it('is halved once for passes that fail together, and stays where something else fails', () => {
  const size = new PassSize(64)
  size.halve(64, outOfMemory())
  size.halve(64, outOfMemory())
  expect(size.size).toBe(32)
  expect(() => size.halve(32, new RangeError('another'))).toThrow(RangeError)
  expect(size.size).toBe(32)
})
