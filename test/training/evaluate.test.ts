import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataError, evaluate, type Session, torch } from '../../src'
import { accuracy } from '../../src/objectives/accuracy'
import { smoothingOf } from '../../src/smoothing/smoothing'
import { soleProcess } from '../../src/torch'
import { connectForTest, loadDigits } from '../support/digits'

describe('an evaluation', () => {
  let session: Session
  let folder: string
  let digits: Awaited<ReturnType<typeof loadDigits>>

  beforeAll(async () => {
    session = await connectForTest()
    digits = await loadDigits(session)
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-evaluate-'))
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  const networks = () => ({
    networks: { classifier: digits.classifier },
    smoothing: smoothingOf(digits.denoiser, 0.25),
  })
  const OPTIONS = { evaluation: accuracy, batch: 8, seed: 0 }

  /** As rank `rank` of two, of which the other wants to stop in its pass `stopsIn`. */
  function ofTwo(rank: number, stopsIn = Number.POSITIVE_INFINITY) {
    const group = { ...soleProcess(), rank, worldSize: 2, passes: 0 }
    group.allReduceSum = wishes => {
      group.passes += 1
      return group.passes === stopsIn ? torch.add(wishes, 1) : wishes
    }
    return group
  }

  it('stops after the pass in which any of the processes wants to', async () => {
    const group = ofTwo(0, 2)
    const indices = Array.from({ length: 64 }, (_, index) => index)
    expect(await evaluate(networks(), digits.testSet, { ...OPTIONS, indices, group })).toBeNull()
    expect(group.passes).toBe(2)
    const own = ofTwo(1)
    let asked = 0
    const isStopped = () => ++asked === 3
    expect(
      await evaluate(networks(), digits.testSet, { ...OPTIONS, indices, group: own, isStopped }),
    ).toBeNull()
    expect(own.passes).toBe(3)
  })

  it('takes part in every pass, also where it has no images left', async () => {
    const indices = Array.from({ length: 17 }, (_, index) => index)
    const groups = [ofTwo(0), ofTwo(1)]
    for (const group of groups) await evaluate(networks(), digits.testSet, { ...OPTIONS, indices, group })
    expect(groups.map(({ passes }) => passes)).toEqual([2, 2])
  })

  it('leaves corrupt images out of the count and names them, or fails', async () => {
    const broken = join(folder, 'val', 'b', '1.png')
    const red = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
      'base64',
    )
    for (const name of ['a', 'b']) await mkdir(join(folder, 'val', name), { recursive: true })
    for (const path of ['a/0.png', 'a/1.png', 'b/0.png']) await writeFile(join(folder, 'val', path), red)
    await copyFile(join(folder, 'val', 'b', '0.png'), broken)
    await writeFile(broken, red.subarray(0, 40))
    const dataset = await torch.openDataset(session, {
      ...{ source: 'folder', split: 'test', path: folder, imageSize: 8, resizeSize: 8, onCorrupt: 'skip' },
    })
    const evaluation = {
      ...accuracy,
      metrics: { images: { label: 'images', caption: 'Images.', tag: 'test/images' } },
      // One for each image.
      look: ({ clean_BCHW }: { clean_BCHW: torch.Tensor<'BCHW'> }) => ({
        images: torch.sum(torch.add(torch.mul(clean_BCHW, 0), 1 / 192)),
      }),
    }
    const options = { ...OPTIONS, evaluation, batch: 2 }
    await expect(evaluate(networks(), dataset, options)).rejects.toThrow(DataError)
    const corrupt: string[] = []
    const onCorrupt = (paths: readonly string[]) => void corrupt.push(...paths)
    const metrics = await evaluate(networks(), dataset, { ...options, onCorrupt })
    expect(metrics?.images).toBeCloseTo(1, 5)
    expect(corrupt).toEqual([broken])
    const all = evaluate(networks(), dataset, { ...options, indices: [3], onCorrupt })
    await expect(all).rejects.toThrow(/Of 1 test images none can be decoded, the first is .*1\.png/)
    session.free(dataset)
  })
})
