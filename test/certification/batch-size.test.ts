import { expect, it } from 'vitest'
import { BatchSize } from '../../src/certification/batch-size'
import { PythonError } from '../../src/errors'

const outOfMemory = (): PythonError =>
  new PythonError(
    {
      pythonType: 'OutOfMemoryError',
      pythonMessage: 'CUDA out of memory.',
      traceback: '',
      operation: 'conv2d',
      recordedAt: 'here',
    },
    { remedy: 'Use a smaller batch.' },
  )

/** Work that has memory for batches of at most `most`, and tells the batches that it was tried with. */
function workOf(most: number) {
  const tried: number[] = []
  const work = async (batch: number) => {
    tried.push(batch)
    if (batch > most) throw outOfMemory()
    return batch
  }
  return { tried, work }
}

it('is halved, rounded down, each time that memory runs out, and stays so', async () => {
  const notes: string[] = []
  const batch = new BatchSize(13, { onNote: note => notes.push(note) })
  const { tried, work } = workOf(4)
  expect(await batch.run(work)).toBe(3)
  expect(await batch.run(work)).toBe(3)
  expect(tried).toEqual([13, 6, 3, 3])
  expect(notes).toEqual([
    'Memory does not suffice for batches of 13; going on with 6.',
    'Memory does not suffice for batches of 6; going on with 3.',
  ])
})

it('is halved once for pieces of work that run at the same time', async () => {
  const notes: string[] = []
  const batch = new BatchSize(8, { onNote: note => notes.push(note) })
  const { tried, work } = workOf(4)
  expect(await Promise.all([batch.run(work), batch.run(work)])).toEqual([4, 4])
  expect(tried).toEqual([8, 8, 4, 4])
  expect(notes).toHaveLength(1)
})

it('gives up where memory does not suffice for one, and at once where something else fails', async () => {
  const { tried, work } = workOf(0)
  await expect(new BatchSize(2).run(work)).rejects.toThrow('CUDA out of memory')
  expect(tried).toEqual([2, 1])
  const batch = new BatchSize(2)
  await expect(batch.run(() => Promise.reject(new RangeError('another')))).rejects.toThrow(RangeError)
  expect(await batch.run(workOf(9).work)).toBe(2)
})
