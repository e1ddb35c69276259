import { createHash } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type CertificationRunConfigInput,
  CheckpointError,
  ConfigError,
  certify,
  DataError,
  parseCertificationConfig,
  predict,
  readSmoothed,
  type Session,
  smoothingOf,
  torch,
  toSymmetric,
  writeSmoothed,
} from '../../src'
import { imageTransform } from '../../src/certification/predict'
import type { DataConfig } from '../../src/config/schema'
import { ABSTAIN } from '../../src/internal'
import type { LogMetadata } from '../../src/logs/certification-log-metadata'
import { loadNetworks } from '../../src/smoothing/load-networks'
import { lowerConfidenceBound } from '../../src/statistics/confidence-bound'
import { discreteGaussianBound } from '../../src/statistics/discrete-gaussian'
import { exactLowerBound } from '../../src/statistics/exact-binomial'
import { uniformBound } from '../../src/statistics/uniform-bound'
import { CLASSIFIER, connectForTest, DENOISER, loadDigits } from '../support/digits'
import { votesOnCopies } from '../support/votes'

const SIGMA = 0.25

describe('a smoothed classifier in a folder', () => {
  let session: Session
  let folder: string
  let checkpoint: string
  const files: string[] = []
  const config = () =>
    parseCertificationConfig({
      smoothing: { sigma: SIGMA, denoiser: { source: 'diffusers', path: DENOISER } },
      classifier: { source: 'timm', path: CLASSIFIER },
      checkpoint,
      data: { source: 'digits' },
      certification: { n0: 16, n: 96, batch: 64, images: { indices: [0, 3] }, seed: 7 },
      output: folder,
    })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-predict-'))
    checkpoint = join(folder, 'checkpoint')
    session = await connectForTest()
    const { denoiser, classifier, testSet } = await loadDigits(session)
    await classifier.save(checkpoint)
    const weights = await session.compute(() => ({
      denoiser: torch.provenance(denoiser, { source: 'diffusers', path: DENOISER }),
      classifier: torch.provenance(classifier, { source: 'timm', path: CLASSIFIER }),
    }))
    const smoothing = smoothingOf(denoiser, SIGMA)
    await writeSmoothed(checkpoint, { config: config(), smoothing, dataset: testSet.description, weights })
    const pictures = await session.compute(() =>
      torch.encodePng(torch.flatten(toSymmetric(testSet.images([0, 3]).images_BCHW), 'B', 'N')),
    )
    await mkdir(join(folder, 'images'))
    for (const [position, picture] of pictures.entries()) {
      const file = join(folder, 'images', `${position}.png`)
      await writeFile(file, Buffer.from(picture, 'base64'))
      files.push(file)
    }
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  it('is certified as its settings say, which the log tells with the hashes of the weights', async () => {
    const before = session.liveTensors()
    const log = await certify(session, checkpoint, { log: join(folder, 'folder.tsv') })
    const settings = await certify(session, config(), { log: join(folder, 'settings.tsv') })
    const withoutTime = ({ rows }: typeof log) => rows.map(({ durationMs: _, ...row }) => row)
    expect(withoutTime(log)).toEqual(withoutTime(settings))
    expect(log.rows.map(({ index }) => index)).toEqual([0, 3])
    const { weights } = (await readSmoothed(checkpoint)) ?? {}
    expect(log.metadata?.configuration).toMatchObject({
      classifier: expect.stringMatching(/\/checkpoint$/),
      models: {
        denoiser: weights?.denoiser,
        classifier: { source: 'timm', inputRange: 'symmetric' },
        checkpoint: weights?.checkpoint,
      },
      data: { source: 'digits', images: 597 },
    })
    expect(JSON.stringify(log.metadata?.configuration)).not.toContain(DENOISER)
    expect(log.metadata?.notes).toMatchObject({ chosen: { indices: [0, 3] }, checkpoint })
    expect(session.liveTensors()).toBe(before)
  })

  it('says class, radius and p-value of image files, from the votes on their pixels', async () => {
    const seen: string[] = []
    const [first, second] = await predict(session, checkpoint, {
      files,
      onImage: (done, { file }) => seen.push(`${done} ${file}`),
    })
    expect(seen).toEqual(files.map((file, position) => `${position + 1} ${file}`))
    expect(first).toMatchObject({ verdict: 'certified', prediction: 6, className: '6', n: 96 })
    expect(first?.radius).toBeGreaterThan(0)
    expect(first?.pValue).toBeLessThan(0.001)

    // The votes on the same pixels, from the data set: 17 grey levels, as a file of 256 holds them.
    const { denoiser, classifier, testSet } = await loadDigits(session)
    const [pixels] = await session.compute(() => testSet.images([3]).images_BCHW)
    const asInFile = pixels?.map(row =>
      row.map(line => line.map(value => Math.fround(Math.round(value * 255) / 255))),
    )
    const image_CHW = torch.tensor(session, asInFile ?? [], { axes: 'CHW' })
    const stream = createHash('sha256')
      .update(await readFile(files[1] as string))
      .digest('hex')
    const symmetric_CHW = toSymmetric(image_CHW)
    const counts = await votesOnCopies(symmetric_CHW, {
      ...{ smoothing: smoothingOf(denoiser, SIGMA), classifier },
      ...{ n: 96, stream: [7, 'file', stream, 'estimation'] },
    })
    session.free(symmetric_CHW)
    expect(second?.topCount).toBe(Math.max(...counts))
    expect(second?.topClass).toBe(counts.indexOf(second?.topCount ?? -1))
    session.free([denoiser, classifier, testSet, image_CHW])
  })

  it('depends on the content of a file, not on its name or its neighbours', async () => {
    const copy = join(folder, 'copy.png')
    await writeFile(copy, await readFile(files[1] as string))
    const [alone] = await predict(session, checkpoint, { files: [copy] })
    const [, among] = await predict(session, checkpoint, { files })
    expect({ ...alone, file: '' }).toEqual({ ...among, file: '' })
  })

  it('refuses classes of the settings that are not those of the training', async () => {
    const classes = Array.from({ length: 10 }, (_, label) => String(label))
    const listing = (listed: readonly string[]) => {
      const size = { imageSize: 8, resizeSize: 8, channels: 1 as const }
      const data = { source: 'folder' as const, path: folder, ...size, classes: [...listed] }
      return predict(session, { config: parseCertificationConfig({ ...config(), data }), classes }, { files })
    }
    await expect(listing(['a', 'b'])).rejects.toThrow(
      /has the classes 0, 1, 2, .*, in this order, but data\.classes \(--classes\) lists a, b\. Leave data\.classes out/,
    )
    await expect(listing(classes.toReversed())).rejects.toThrow(ConfigError)
    expect(await listing(classes)).toMatchObject([{ className: '6' }, {}])
  })

  it('has the names of classes that the data have, and refuses those of another head', async () => {
    const one = { files: files.slice(0, 1) }
    for (const settings of [config(), { ...config(), checkpoint: undefined }]) {
      const [named] = await predict(session, settings, one)
      expect(named).toMatchObject({ prediction: 6, className: '6' })
    }
    const before = session.liveTensors()
    const three = predict(session, { config: config(), classes: ['a', 'b', 'c'] }, { files })
    await expect(three).rejects.toThrow(ConfigError)
    await expect(three).rejects.toThrow('3 classes are named, but the head of the classifier has 10')
    const backwards = Array.from({ length: 10 }, (_, label) => String(9 - label))
    const other = predict(session, { config: config(), classes: backwards }, { files })
    await expect(other).rejects.toThrow(/logit 0 is "0" in the weights, "9" in the data/)
    expect(session.liveTensors()).toBe(before)
  })

  it.each([
    ['discrete-gaussian', discreteGaussianBound(SIGMA), exactLowerBound],
    ['uniform', uniformBound(SIGMA), lowerConfidenceBound],
  ] as const)('draws the noise of the settings, and has its radius: %s', async (noise, bound, lower) => {
    const settings = config()
    const other = { ...settings, certification: { ...settings.certification, noise } }
    const notes: string[] = []
    const before = session.liveTensors()
    const found = await predict(session, other, { files, onNote: told => notes.push(told) })
    expect(session.liveTensors()).toBe(before)
    const [first] = found
    expect(first).toMatchObject({ verdict: 'certified', prediction: 6, topClass: 6, n: 96 })
    const { topCount = 0, radius = 0 } = first ?? {}
    const top = lower(topCount, 96, { alpha: 0.001 })
    // The error of drawing 96 images of 64 values takes its part of alpha.
    const isRounded = noise === 'discrete-gaussian'
    expect(first?.lowerBound).toBeCloseTo(top, 9)
    expect(radius).toBeCloseTo(bound.radius(top), 9)
    if (isRounded) expect(first?.lowerBound).toBeLessThan(top)
    const ofPixels = notes.filter(told => told.startsWith('pixels'))
    expect(ofPixels).toEqual(isRounded ? [expect.stringMatching(/rounded to whole steps of 1\/255/)] : [])
    const plain = await predict(session, settings, { files })
    expect(found.map(image => image.topCount)).not.toEqual(plain.map(image => image.topCount))
  })

  it('refuses adaptive votes in whole steps before anything is loaded', async () => {
    const { certification, ...settings } = config()
    const sound = { ...certification, noise: 'discrete-gaussian', adaptive: { radii: [0, 0.25] } } as const
    expect(() => parseCertificationConfig({ ...settings, certification: sound })).toThrow(
      /certification\.adaptive: expected none for the noise discrete-gaussian/,
    )
  })

  it('stops classifying when it is told to', async () => {
    const stop = new AbortController()
    const before = session.liveTensors()
    const options = { files, signal: stop.signal, onImage: () => stop.abort('SIGTERM') }
    const stopped = predict(session, checkpoint, options)
    await expect(stopped).rejects.toMatchObject({ name: 'InterruptedError', reason: 'SIGTERM' })
    await expect(stopped).rejects.toThrow('Stopped with 1 of 2 images classified.')
    expect(session.liveTensors()).toBe(before)
  })

  it('tells of batches that do not fit into memory', async () => {
    const limited: CertificationRunConfigInput = {
      ...config(),
      checkpoint: undefined,
      smoothing: { sigma: SIGMA, denoiser: { source: 'none' } },
      classifier: {
        source: 'python',
        file: join(__dirname, '..', 'support', 'limited_memory_network.py'),
        factory: 'make',
        arguments: { most: 40 },
      },
    }
    const notes: string[] = []
    const onNote = (note: string) => notes.push(note)
    await predict(session, limited, { files: files.slice(0, 1), onNote })
    await certify(session, limited, { log: join(folder, 'limited.tsv'), onNote })
    const note = 'Memory does not suffice for batches of 64; continuing with 32.'
    expect(notes).toEqual([note, note])
  })

  it('refuses votes that can certify nothing before it loads a network', async () => {
    const settings = config()
    const few = {
      ...settings,
      classifier: { ...settings.classifier, path: join(folder, 'nowhere') },
      checkpoint: undefined,
      certification: { ...settings.certification, n: 9 },
    }
    await expect(certify(session, few)).rejects.toThrow('Set n to at least 10.')
    await expect(predict(session, few, { files })).rejects.toThrow('Set n to at least 10.')
  })

  it('refuses a procedure that it does not know', async () => {
    const settings = config()
    const procedure = { kind: 'pixel-dp', split: 'halves' } as const
    const other = { ...settings, certification: { ...settings.certification, procedure } }
    await expect(predict(session, other, { files })).rejects.toThrow(
      /A prediction is by PREDICT and CERTIFY, got the procedure pixel-dp/,
    )
  })

  it('abstains where the votes do not tell', async () => {
    const settings = config()
    const few = {
      ...settings,
      smoothing: { ...settings.smoothing, sigma: 0.75 },
      certification: { ...settings.certification, n: 10 },
    }
    const [prediction] = await predict(session, few, { files: files.slice(0, 1) })
    expect(prediction).toMatchObject({
      verdict: 'abstained',
      prediction: ABSTAIN,
      className: null,
      radius: 0,
    })
  })

  it('gives the class without a radius where it leads by far with less than half of the votes', async () => {
    const { certification, smoothing, ...settings } = config()
    const noisy = {
      ...settings,
      smoothing: { ...smoothing, sigma: 0.75 },
      certification: { ...certification, n: 200 },
    }
    const [prediction] = await predict(session, noisy, { files: files.slice(1) })
    expect(prediction).toMatchObject({ verdict: 'predicted', prediction: 0, topClass: 0, radius: 0, n: 200 })
    expect(prediction?.pValue).toBeLessThan(1e-4)
    expect(prediction?.lowerBound).toBeLessThan(0.5)
  })

  it('names every file that is not an image, before it computes anything', async () => {
    const broken = join(folder, 'broken.png')
    await writeFile(broken, 'no picture')
    const absent = join(folder, 'absent.png')
    const classified = predict(session, checkpoint, { files: [...files, broken, absent] })
    await expect(classified).rejects.toThrow(DataError)
    await expect(classified).rejects.toThrow(/broken\.png': no image format .*\n.*absent\.png': No such file/)
    await expect(predict(session, checkpoint, { files: [] })).rejects.toThrow(/No images to classify/)
  })

  it('is a network of Python under plain noise, for images in a folder, where the settings say so', async () => {
    const data = join(folder, 'data')
    for (let label = 0; label < 10; label += 1) {
      await mkdir(join(data, 'test', String(label)), { recursive: true })
      await copyFile(files[0] as string, join(data, 'test', String(label), 'image.png'))
    }
    const settings: CertificationRunConfigInput = {
      ...config(),
      checkpoint: undefined,
      smoothing: { sigma: SIGMA, denoiser: { source: 'none' } },
      classifier: {
        source: 'python',
        file: join(__dirname, '..', 'support', 'nan_network.py'),
        factory: 'make',
        arguments: { darkest: -100 },
      },
      data: { source: 'folder', path: data, imageSize: 8, resizeSize: 8 },
      certification: { ...config().certification, images: { first: 3 } },
    }
    const started: number[] = []
    const done: number[] = []
    const onStart = (images: number) => started.push(images)
    const onImage = (images: number) => done.push(images)
    await certify(session, settings, { shard: { number: 2, of: 2 }, onStart })
    const { rows, metadata } = await certify(session, settings, {
      shard: { number: 1, of: 2 },
      onStart,
      onImage,
    })
    await certify(session, settings, { onStart })
    expect({ started, done }).toEqual({ started: [1, 2, 3], done: [1, 2] })
    expect(rows.map(({ index, label, prediction }) => ({ index, label, prediction }))).toEqual([
      ...[0, 2].map(index => ({ index, label: index, prediction: 9 })),
    ])
    const named = (await readdir(folder)).filter(name => /^certify-sigma.*tsv$/.test(name)).sort()
    expect(named).toEqual([
      ...['certify-sigma-0.25.shard-01-of-02.tsv', 'certify-sigma-0.25.shard-02-of-02.tsv'],
      'certify-sigma-0.25.tsv',
    ])
    expect(metadata?.configuration).toMatchObject({ classifier: 'python:random' })
    const { models, data: images } = (metadata as LogMetadata).configuration
    expect(images).toEqual({
      ...{ source: 'folder', imageSize: 8, resizeSize: 8, images: 10, classes: 10, imageShape: [3, 8, 8] },
      classNames: Array.from({ length: 10 }, (_, label) => String(label)),
      digest: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
    expect(models).toMatchObject({ denoiser: null, classifier: { factory: 'make' }, checkpoint: null })
    expect(models).not.toHaveProperty('classifier.file')
    expect(metadata?.notes).toMatchObject({
      ...{ chosen: { first: 3 }, checkpoint: null, dataset: data },
      models: { denoiser: null, classifier: expect.anything() },
      versions: { node: process.versions.node, python: session.info.python },
    })
  })

  it('leaves nothing behind where the classifier cannot be loaded', async () => {
    const settings = { ...config(), checkpoint: undefined }
    const missing = { ...settings, classifier: { ...settings.classifier, path: join(folder, 'nowhere') } }
    const before = session.liveTensors()
    await expect(predict(session, missing, { files })).rejects.toThrow(/nowhere/)
    await expect(certify(session, missing, { log: join(folder, 'missing.tsv') })).rejects.toThrow(/nowhere/)
    expect(session.liveTensors()).toBe(before)
  })

  it('refuses other weights than it describes', async () => {
    const smoothed = await readSmoothed(checkpoint)
    if (smoothed === undefined) throw new Error('not written')
    const other = { ...smoothed, weights: { ...smoothed.weights, denoiser: { sha256: 'other' } } }
    const certified = certify(session, other, { log: join(folder, 'other.tsv') })
    await expect(certified).rejects.toThrow(CheckpointError)
    await expect(certified).rejects.toThrow(
      /weights of the denoiser are not those of the smoothed classifier/,
    )
    await expect(predict(session, other, { files })).rejects.toThrow(CheckpointError)
    const before = session.liveTensors()
    const loaded = loadNetworks(session, other.config, { expected: other.weights })
    await expect(loaded).rejects.toThrow(CheckpointError)
    expect(session.liveTensors()).toBe(before)
  })
})

it.each([
  [{ source: 'digits' as const }, { channels: 1, resizeSize: 8, imageSize: 8 }],
  [{ source: 'cifar10' }, { channels: 3, resizeSize: 32, imageSize: 32 }],
  [{ source: 'imagenet' }, { channels: 3, resizeSize: 256, imageSize: 224 }],
  [
    { source: 'synthetic', imageSize: 64 },
    { channels: 3, resizeSize: 64, imageSize: 64 },
  ],
  [
    {
      source: 'folder' as const,
      path: 'x',
      imageSize: 96,
      resizeSize: 100,
      augment: true,
      workers: 0,
      onCorrupt: 'fail' as const,
    },
    { channels: 3, resizeSize: 100, imageSize: 96 },
  ],
])('prepares a file as test images of %j are', (data, transform) => {
  expect(imageTransform(data as DataConfig)).toEqual(transform)
})
