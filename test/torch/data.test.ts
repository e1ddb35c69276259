import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type Session } from '../../src/bridge'
import { DataError, PythonError } from '../../src/errors'
import { type Dataset, type Loader, makeLoader, openDataset, select } from '../../src/torch'
import { folderSpec, makeImageFolder } from '../bridge/image-folder'
import { placeOf, rejectionOf } from '../bridge/support'
import { withForkedPython } from '../support/forked-python'

let session: Session
let root: string
let whole: Dataset
let damaged: Dataset
let damagedPath: string

/** Two classes of four images each: four batches of two, the third of which holds the damaged file. */
beforeAll(async () => {
  session = await withForkedPython(() => connect({ device: 'cpu', threads: 1 }))
  root = await mkdtemp(join(tmpdir(), 'ft-cadis-data-'))
  const [wholePath, otherPath] = [join(root, 'whole'), join(root, 'damaged')]
  const sizes = { classes: ['cat', 'dog'], images: 4 }
  await makeImageFolder(session, wholePath, sizes)
  damagedPath = (await makeImageFolder(session, otherPath, sizes))[5] ?? ''
  await writeFile(damagedPath, (await readFile(damagedPath)).subarray(0, 40))
  whole = await openDataset(session, folderSpec(wholePath))
  damaged = await openDataset(session, folderSpec(otherPath))
})

afterAll(async () => {
  await session.close()
  await rm(root, { recursive: true })
})

const OPTIONS = { batchSize: 2, seed: 0, shuffle: false, dropLast: false }

const nextLabels = (loader: Loader) => session.compute(() => loader.nextBatch().labels_B)

test('a data set says what it is, and its images are in [0, 1]', async () => {
  expect(whole.description).toEqual({
    length: 8,
    classes: ['cat', 'dog'],
    classOrder: 'unstated',
    logits: null,
    notes: [],
    imageShape: [3, 8, 8],
    classCounts: [4, 4],
  })
  const { grey, labels_B } = await session.compute(() => {
    const { images_BCHW, labels_B } = whole.images([0, 7])
    return { grey: select(select(select(images_BCHW, 'C', 0), 'H', 0), 'W', 0), labels_B }
  })
  expect(labels_B).toEqual([0, 1])
  expect(grey[0]).toBe(0)
  expect(grey[1]).toBeCloseTo(7 / 8, 2)
})

test('a failure names the line that asked, deep as the call lies', async () => {
  const failing = session.compute(() => {
    return whole.images([99]) // there is none
  })
  const { recordedAt } = await rejectionOf(failing, PythonError)
  expect(recordedAt).toMatch(placeOf(__filename, 'there is none'))
})

describe.each([0, 2])('a loader with %i worker processes', workers => {
  test('gives batches in order, from any place of an epoch, and says where the epoch ends', async () => {
    const loader = await makeLoader(whole, { ...OPTIONS, workers })
    expect(loader.batchesPerEpoch).toBe(4)
    loader.start(0, { firstBatch: 1 })
    const labels = [await nextLabels(loader), await nextLabels(loader), await nextLabels(loader)]
    expect(labels).toEqual([[0, 0], [1, 1], [1, 1]]) // biome-ignore format: a matrix
    const end = await rejectionOf(nextLabels(loader), DataError)
    expect(end.message).toContain('Epoch 0 has no more than 4 batches.')
    await loader.close()
  })

  test('gives one of two ranks every other batch, and says what all of them hold', async () => {
    const loader = await makeLoader(whole, { ...OPTIONS, workers, rank: 1, ranks: 2 })
    expect(loader.batchesPerEpoch).toBe(4)
    const place = { epoch: 0, firstBatch: 1, batches: 2 }
    expect(await session.compute(() => loader.plannedIndices(place))).toEqual([
      [2, 3],
      [4, 5],
    ])
    loader.start(0, { firstBatch: 2 })
    expect(await nextLabels(loader)).toEqual([1, 1])
    await rejectionOf(nextLabels(loader), DataError)
    await loader.close()
  })

  test('says where the images of its last batch stand, of a corrupt one where its stand-in does', async () => {
    const skipping = await openDataset(session, { ...folderSpec(join(root, 'damaged')), onCorrupt: 'skip' })
    const loader = await makeLoader(skipping, { ...OPTIONS, batchSize: 8, shuffle: true, workers })
    loader.start(0)
    const { grey, indices_B } = await session.compute(() => {
      const { images_BCHW } = loader.nextBatch()
      const grey = select(select(select(images_BCHW, 'C', 0), 'H', 0), 'W', 0)
      return { grey, indices_B: loader.batchIndices() }
    })
    // Image i of the folder is i/8 bright.
    expect(indices_B).toEqual(grey.map(value => Math.round(8 * value)))
    expect(indices_B).toHaveLength(8)
    expect(indices_B).not.toContain(5)
    await loader.close()
    session.free(skipping)
  })

  test('an exception inside of it is an error and not the end of the data', async () => {
    const live = session.liveTensors()
    const loader = await makeLoader(damaged, { ...OPTIONS, workers })
    loader.start(0)
    expect(await nextLabels(loader)).toEqual([0, 0])
    expect(await nextLabels(loader)).toEqual([0, 0])

    const error = await rejectionOf(nextLabels(loader), DataError)
    expect(error.message).toContain(`The image '${damagedPath}' cannot be decoded`)
    expect(error.remedy).toBe("Replace or remove the file, or set data.onCorrupt to 'skip'.")
    expect(error.cause).toMatchObject({ pythonType: 'CorruptImageError', operation: 'next_batch' })

    // The loader says no end either when it is asked again, and can be started behind the damage.
    const again = await rejectionOf(nextLabels(loader), PythonError)
    expect(again.pythonMessage).toContain('not started, or stopped at an error')
    loader.start(0, { firstBatch: 3 })
    expect(await nextLabels(loader)).toEqual([1, 1])
    await loader.close()
    expect(session.liveTensors()).toBe(live)
  })
})
