import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connect } from '../../src/bridge'
import { loadClassifier, pythonSpec } from '../../src/torch'
import { withForkedPython } from '../support/forked-python'

test('a spec has its own fields under the names of Python', () => {
  expect(pythonSpec({ source: 'folder', onCorrupt: 'skip', imageSize: 32, path: undefined })).toEqual({
    source: 'folder',
    on_corrupt: 'skip',
    image_size: 32,
  })
})

test('what its fields hold travels as it is, keys of the user included', () => {
  const held = { hiddenSize: 8, W1: [{ nameOf: 'aB' }], in_chans: 1, 'odd Key': null }
  expect(pythonSpec({ arguments: held, modelArgs: held, config: held, heads: ['headA'] })).toEqual({
    arguments: held,
    model_args: held,
    config: held,
    heads: ['headA'],
  })
})

/** Says in an error which arguments it was called with. */
const NETWORK = `
def make(**given):
    raise ValueError(sorted(given.items()))
`

test('a network file of the user gets its arguments under the names that the user gave them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-spec-'))
  await using session = await withForkedPython(() => connect({ device: 'cpu', threads: 1 }))
  try {
    const file = join(folder, 'network.py')
    await writeFile(file, NETWORK)
    const given = { hiddenSize: 8, W1: { innerKey: [1] }, plain_name: true }
    await expect(
      loadClassifier(session, { source: 'python', file, factory: 'make', arguments: given }),
    ).rejects.toThrow("[('W1', {'innerKey': [1]}), ('hiddenSize', 8), ('plain_name', True)]")
  } finally {
    await rm(folder, { recursive: true })
  }
})
