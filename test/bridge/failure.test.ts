import { describe, expect, test } from 'vitest'
import { errorOf, startErrorOf } from '../../src/bridge/failure'
import {
  CheckpointError,
  ConfigError,
  DataError,
  PythonError,
  PythonStartError,
  RankLostError,
} from '../../src/errors'

const failureOf = (type: string, message: string) => ({
  type,
  message,
  traceback: `Traceback of ${message}`,
  index: 3,
  inner: null,
  operation: 'open_dataset',
})

describe('errorOf', () => {
  test('is a PythonError that carries all that is known', () => {
    const error = errorOf(failureOf('ValueError', 'x is odd'), undefined)
    expect(error).toBeInstanceOf(PythonError)
    expect(error).toMatchObject({
      pythonType: 'ValueError',
      pythonMessage: 'x is odd',
      traceback: 'Traceback of x is odd',
      operation: 'open_dataset',
      recordedAt: 'the read',
      message:
        'ValueError in open_dataset, recorded at the read: x is odd. To see where in Python: --traceback on the command line, the property `traceback` in a script.',
    })
  })

  test('says what to do when memory is over', () => {
    expect(errorOf(failureOf('OutOfMemoryError', 'CUDA out of memory.'), undefined).remedy).toBe(
      'Use a smaller batch, or a narrower dtype.',
    )
  })

  test.each([
    ['SpecError', ConfigError],
    ['WeightsError', CheckpointError],
    ['DatasetError', DataError],
    ['CorruptImageError', DataError],
    ['EndOfData', DataError],
    ['RankLostError', RankLostError],
  ])('is the error of the subject for %s, with the last sentence as what to do', (type, errorClass) => {
    const error = errorOf(failureOf(type, 'b.pt is missing. It was expected. Give a folder.'), undefined)
    expect(error).toBeInstanceOf(errorClass)
    expect(error.message).toBe('b.pt is missing. It was expected. Give a folder.')
    expect(error.remedy).toBe('Give a folder.')
    expect(error.cause).toBeInstanceOf(PythonError)
    expect((error.cause as PythonError).traceback).toMatch(/^Traceback of b\.pt is missing/)
  })

  test.each([
    ['There is none. Write or download /a/b.pt again.', 'Write or download /a/b.pt again.'],
    ['It is 0.5 wide. Make it 1.5 wide, or drop it.', 'Make it 1.5 wide, or drop it.'],
    ['Two of three:\na, b. \nAdd c', 'Add c'],
  ])('keeps the whole message of %j', (message, remedy) => {
    const error = errorOf(failureOf('DatasetError', message), undefined)
    expect(error.message.replaceAll(/\s/g, '')).toBe(message.replaceAll(/\s/g, ''))
    expect(error.remedy).toBe(remedy)
  })

  test('says what is to be done where a message does not', () => {
    const error = errorOf(failureOf('EndOfData', 'Epoch 0 has no more than 4 batches.'), undefined)
    expect(error.message).toBe('Epoch 0 has no more than 4 batches. Begin the next epoch.')
  })
})

test('startErrorOf says what to do about a device that is not there, and blames no interpreter', () => {
  const message = "The device 'cuda' was asked for, but torch sees none. Use the device 'cpu'."
  const error = startErrorOf({ type: 'SpecError', message, traceback: 'Traceback' }, '/opt/python')
  expect(error).toBeInstanceOf(ConfigError)
  expect(error.message).toBe(message)
})

test('startErrorOf names the interpreter, what it lacks, and the command that shows it', () => {
  const error = startErrorOf(
    { type: 'ImportError', message: 'libcudart.so.12: no such file', traceback: 'Traceback' },
    '/opt/python',
  )
  expect(error).toBeInstanceOf(PythonStartError)
  expect(error.message).toBe(
    '/opt/python cannot run ft-cadis: ImportError: libcudart.so.12: no such file. ' +
      'Run `npx ft-cadis doctor --python /opt/python` to see what it has and what is missing.',
  )
  expect(error.cause).toMatchObject({ pythonType: 'ImportError', traceback: 'Traceback' })
})
