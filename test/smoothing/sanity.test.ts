import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  certificationOf,
  certify,
  finetune,
  presets,
  type RunConfigInput,
  type Session,
  torch,
} from '../../src'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import { smoothedOf } from '../../src/runs/smoothed-of-folder'
import { toSymmetric } from '../../src/smoothing/denoise'
import { sanityOf } from '../../src/smoothing/sanity'
import { CLASSIFIER, connectForTest } from '../support/digits'
import { shortRun } from '../support/short-run'

const WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']

let session: Session
let folder: string
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-sanity-'))
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

const digits = () => torch.openDataset(session, { source: 'digits', split: 'test' })

/** The first N digits as files, in class folders that are called by their words, or by others. */
async function digitsAsFiles(
  path: string,
  images: number,
  fileOf: (label: number, place: number) => string | null = (label, place) => `${WORDS[label]}/${place}.png`,
): Promise<void> {
  const dataset = await digits()
  const places = Array.from({ length: images }, (_, place) => place)
  const { labels, files } = await session.compute(() => {
    const { images_BCHW, labels_B } = dataset.images(places)
    return { labels: labels_B, files: torch.encodePng(torch.flatten(toSymmetric(images_BCHW), 'B', 'N')) }
  })
  for (const word of WORDS) await mkdir(join(path, word), { recursive: true })
  for (const [place, file] of files.entries()) {
    const name = fileOf(labels[place] ?? 0, place)
    if (name !== null) await writeFile(join(path, name), file, 'base64')
  }
  session.free(dataset)
}

const load = (inputRange: object | 'symmetric' = 'symmetric') =>
  torch.loadClassifier(session, { source: 'timm', path: CLASSIFIER, inputRange: inputRange as 'symmetric' })

describe('a classifier before hours are spent on it', () => {
  it('that knows its images has nothing said of it', async () => {
    const found = await sanityOf(
      { classifier: await load(), dataset: await digits() },
      { inputRange: 'symmetric', seed: 0, batch: 64 },
    )
    expect(found).toMatchObject({
      images: 200,
      chance: 0.1,
      isNearChance: false,
      likelyCause: null,
      note: null,
    })
    expect(found.accuracy).toBeGreaterThan(0.9)
  })

  it('that sees another range of pixels is told the range', async () => {
    const inputRange = { mean: [3], std: [0.2] }
    const found = await sanityOf(
      { classifier: await load(inputRange), dataset: await digits() },
      { inputRange, seed: 0, batch: 64 },
    )
    expect(found).toMatchObject({ likelyCause: 'input range' })
    expect(found.note).toMatch(
      /likely cause is the input range.*it would be 9\d %.*inputRange to "symmetric"/,
    )
  })

  it('whose classes are in another order is told the order of the logits', async () => {
    const path = join(folder, 'words')
    await digitsAsFiles(path, 200)
    const dataset = await torch.openDataset(session, {
      ...{ source: 'folder', split: 'test', path, imageSize: 8, resizeSize: 8, channels: 1 },
    })
    const found = await sanityOf(
      { classifier: await load(), dataset },
      { inputRange: 'symmetric', seed: 0, batch: 64 },
    )
    expect(found).toMatchObject({ isNearChance: true, likelyCause: 'order of classes' })
    expect(found.note).toContain(`Set data.classes to ${JSON.stringify(WORDS)}`)
  })

  it('whose classes are in another order, and that sees another range, is told both', async () => {
    const path = join(folder, 'words-and-range')
    await digitsAsFiles(path, 200)
    const dataset = await torch.openDataset(session, {
      ...{ source: 'folder', split: 'test', path, imageSize: 8, resizeSize: 8, channels: 1 },
    })
    const inputRange = { mean: [3], std: [0.2] }
    const found = await sanityOf(
      { classifier: await load(inputRange), dataset },
      { inputRange, seed: 0, batch: 64 },
    )
    expect(found).toMatchObject({ likelyCause: 'order of classes and input range' })
    expect(found.note).toMatch(/it would be (9\d|100) %\. Set classifier\.inputRange to "symmetric"/)
    expect(found.note).toContain(`data.classes to ${JSON.stringify(WORDS)}`)
  })

  it('that knows other images is told that of its weights, unless only noisy images count', async () => {
    // Of some random weights, one answer to nearly all images suits clearly more of them than guessing would.
    torch.manualSeed(session, 'random weights')
    const classifier = await torch.loadClassifier(session, {
      ...{ source: 'timm', name: 'vit_tiny_patch16_224', pretrained: false, numClasses: 10 },
      modelArgs: { img_size: 8, patch_size: 4, in_chans: 1, embed_dim: 24, depth: 1, num_heads: 1 },
    })
    const found = await sanityOf(
      { classifier, dataset: await digits() },
      { inputRange: 'symmetric', seed: 0, batch: 64 },
    )
    expect(found).toMatchObject({ isNearChance: true, likelyCause: 'weights' })
    expect(found.note).toMatch(/as guessing would \(10 %\).*the likely cause is the weights/)
    const noisy = await sanityOf(
      { classifier, dataset: await digits() },
      { inputRange: 'symmetric', seed: 0, batch: 64, isTrainedOnNoise: true },
    )
    expect(noisy).toMatchObject({
      accuracy: found.accuracy,
      isNearChance: true,
      likelyCause: null,
      note: null,
    })
  })

  it('that is right more often than guessing, without a cause that is found, has nothing said of it', async () => {
    const path = join(folder, 'mixed')
    // Half of the images lie in folders of other classes.
    await digitsAsFiles(path, 200, (label, place) => {
      return `${WORDS[place % 2 === 0 ? label : (label + place) % 10]}/${place}.png`
    })
    const dataset = await torch.openDataset(session, {
      ...{ source: 'folder', split: 'test', path, imageSize: 8, resizeSize: 8, channels: 1, classes: WORDS },
    })
    const found = await sanityOf(
      { classifier: await load(), dataset },
      { inputRange: 'symmetric', seed: 0, batch: 64 },
    )
    expect(found).toMatchObject({ isNearChance: false, likelyCause: null, note: null })
    expect(found.accuracy).toBeLessThan(0.7)
  })

  it('is not told an order that fits the images alone that it was found on', async () => {
    const path = join(folder, 'by-chance')
    const counts = new Array<number>(10).fill(0)
    // Every second image is of the digit before, the others of one five before.
    await digitsAsFiles(path, 200, label => {
      const count = counts[label] ?? 0
      counts[label] = count + 1
      const shift = count < 2 ? 1 : 5
      return count < 4 ? `${WORDS[(label + shift) % 10]}/${'acbd'[count]}.png` : null
    })
    const dataset = await torch.openDataset(session, {
      ...{ source: 'folder', split: 'test', path, imageSize: 8, resizeSize: 8, channels: 1, classes: WORDS },
    })
    const found = await sanityOf(
      { classifier: await load(), dataset },
      { inputRange: 'symmetric', seed: 0, batch: 64 },
    )
    expect(found).toMatchObject({ images: 40, isNearChance: true, likelyCause: 'weights' })
  })

  it('is judged by another range than it was loaded with', async () => {
    const own = { mean: [3], std: [0.2] }
    const found = await sanityOf(
      { classifier: await load(own), dataset: await digits() },
      { own, inputRange: 'symmetric', seed: 0, batch: 64 },
    )
    expect(found).toMatchObject({ likelyCause: null })
    expect(found.accuracy).toBeGreaterThan(0.9)
  })

  it('is measured on what decodes alone', async () => {
    const path = join(folder, 'torn')
    await digitsAsFiles(path, 60)
    await writeFile(join(path, 'nine', 'torn.png'), 'torn')
    const dataset = await torch.openDataset(session, {
      ...{ source: 'folder', split: 'test', path, imageSize: 8, resizeSize: 8, channels: 1, classes: WORDS },
    })
    const found = await sanityOf(
      { classifier: await load(), dataset },
      { inputRange: 'symmetric', seed: 0, batch: 16 },
    )
    expect(found.images).toBe(60)
    expect(found.accuracy).toBeGreaterThan(0.9)
  })
})

describe('certify and finetune', () => {
  const config = (inputRange: object | 'symmetric', output: string) => {
    const run = {
      ...presets.digits({ output }),
      classifier: { source: 'timm', path: CLASSIFIER, inputRange },
    }
    return certificationOf(run as never)
  }

  it('note what they found, change no row by it, and measure a log once', async () => {
    const settings = config({ mean: [3], std: [0.2] }, folder)
    const small = {
      ...settings,
      certification: { ...settings.certification, n0: 8, n: 32, images: { first: 3 } },
    }
    const notes: string[] = []
    const onNote = (note: string) => (note.includes('likely cause') ? notes.push(note) : 0)
    const [plain, checked] = [join(folder, 'plain.tsv'), join(folder, 'checked.tsv')]
    await certify(session, small, { log: plain, onNote })
    expect(notes).toEqual([])
    await certify(session, small, { log: checked, sanity: true, onNote })
    expect(notes).toEqual([expect.stringMatching(/likely cause is the input range/)])
    const [without, with_] = [await readCertificationLog(plain), await readCertificationLog(checked)]
    const rows = ({ rows }: typeof without) => rows.map(({ durationMs: _, ...row }) => row)
    expect(rows(with_)).toEqual(rows(without))
    expect(with_.metadata?.notes).toMatchObject({ sanity: { likelyCause: 'input range', images: 200 } })
    expect(without.metadata?.notes).not.toHaveProperty('sanity')
    await certify(session, small, { log: checked, sanity: true, onNote })
    expect(notes).toHaveLength(1)
  })

  it('search for no cause in a run that was trained on noisy images', async () => {
    const output = join(folder, 'on-noise')
    const run = shortRun(output)
    await finetune(
      session,
      {
        ...run,
        smoothing: { ...run.smoothing, denoiser: { source: 'none' } },
        classifier: { source: 'timm', path: CLASSIFIER, inputRange: { mean: [3], std: [0.2] } },
        method: { kind: 'cross-entropy' },
      },
      { stopAfterUpdates: 1, evaluationImages: 8, progress: false },
    )
    const { config: trained } = await smoothedOf(output)
    const few = { ...trained.certification, n0: 10, n: 20, images: { first: 1 } }
    const options = { sanity: true, progress: false }
    const { metadata } = await certify(session, { ...trained, certification: few }, options)
    expect(metadata?.notes?.sanity).toMatchObject({ likelyCause: null, note: null })
  })

  it('stand in config.json of a run, also after it was continued, and change no update', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const run = async (output: string, hooks: object) => {
      const losses: number[] = []
      const settings: RunConfigInput = {
        ...shortRun(output),
        classifier: { source: 'timm', path: CLASSIFIER, inputRange: { mean: [3], std: [0.2] } },
      }
      const onUpdate = ({ loss }: { readonly loss: number }) => losses.push(loss)
      await finetune(session, settings, {
        stopAfterUpdates: 2,
        evaluationImages: 8,
        onUpdate,
        ...hooks,
      } as never)
      const said = JSON.parse(await readFile(join(output, 'config.json'), 'utf8'))
      return { losses, sanity: said.sanity }
    }
    const plain = await run(join(folder, 'plain'), {})
    expect(plain.sanity).toBeUndefined()
    expect(warn).not.toHaveBeenCalled()
    const checked = await run(join(folder, 'checked'), { sanity: true })
    expect(checked.losses).toEqual(plain.losses)
    expect(checked.sanity).toMatchObject({ likelyCause: 'input range', images: 200 })
    expect(warn).toHaveBeenCalledOnce()
    const resumed = await run(join(folder, 'checked'), {
      sanity: true,
      existing: 'resume',
      stopAfterUpdates: 3,
    })
    expect(resumed.sanity).toEqual(checked.sanity)
    expect(warn).toHaveBeenCalledOnce()
    warn.mockRestore()
  })

  it('measure no new head', async () => {
    const output = join(folder, 'new-head')
    const settings: RunConfigInput = {
      ...shortRun(output),
      classifier: {
        source: 'timm',
        name: 'test_vit',
        pretrained: false,
        numClasses: 10,
        modelArgs: { img_size: 8, patch_size: 4, in_chans: 1 },
      },
    }
    await finetune(session, settings, { stopAfterUpdates: 1, evaluationImages: 8, sanity: true })
    expect(JSON.parse(await readFile(join(output, 'config.json'), 'utf8'))).not.toHaveProperty('sanity')
  })
})
