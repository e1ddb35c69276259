import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ConfigError,
  DataError,
  type LoadedSmoothed,
  loadSmoothed,
  parseCertificationConfig,
  predict,
  type Session,
  smoothingOf,
  torch,
  toSymmetric,
  writeSmoothed,
} from '../../../src'
import { CLASSIFIER, connectForTest, DENOISER, loadDigits } from '../../support/digits'
import { useForkedPython } from '../../support/forked-python'

useForkedPython()

describe('a smoothed classifier that is loaded', () => {
  let session: Session
  let folder: string
  let checkpoint: string
  let smoothed: LoadedSmoothed
  const files: string[] = []
  const config = () =>
    parseCertificationConfig({
      smoothing: { sigma: 0.25, denoiser: { source: 'diffusers', path: DENOISER } },
      classifier: { source: 'timm', path: CLASSIFIER },
      checkpoint,
      data: { source: 'digits' },
      certification: { n0: 16, n: 96, batch: 64, seed: 7 },
      output: folder,
    })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-loaded-'))
    checkpoint = join(folder, 'checkpoint')
    session = await connectForTest()
    const { denoiser, classifier, testSet } = await loadDigits(session)
    await classifier.save(checkpoint)
    const weights = await session.compute(() => ({
      denoiser: torch.provenance(denoiser, { source: 'diffusers', path: DENOISER }),
      classifier: torch.provenance(classifier, { source: 'timm', path: CLASSIFIER }),
    }))
    await writeSmoothed(checkpoint, {
      ...{ config: config(), smoothing: smoothingOf(denoiser, 0.25), dataset: testSet.description, weights },
    })
    const indices = Array.from({ length: 32 }, (_, index) => index)
    const pictures = await session.compute(() =>
      torch.encodePng(torch.flatten(toSymmetric(testSet.images(indices).images_BCHW), 'B', 'N')),
    )
    for (const [position, picture] of pictures.entries()) {
      const file = join(folder, `${position}.png`)
      await writeFile(file, Buffer.from(picture, 'base64'))
      files.push(file)
    }
    session.free([denoiser, classifier, testSet])
    smoothed = await loadSmoothed(session, checkpoint)
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  it('says of a file, and of its content, what predict says', async () => {
    const [first = ''] = files
    const [known] = await predict(session, checkpoint, { files: [first] })
    const answer = await smoothed.predict(first)
    const { file: _, ...expected } = known ?? {}
    expect(answer).toMatchObject(expected)
    expect(answer).toMatchObject({ verdict: 'certified', className: '6', alpha: 0.001, seed: 7, copies: 112 })
    expect(answer.votes.reduce((sum, votes) => sum + votes, 0)).toBe(96)
    expect(answer.votes[answer.topClass]).toBe(answer.topCount)
    expect(await smoothed.predict(await readFile(first))).toEqual(answer)
  })

  it('draws the noise that predict draws, which images with split votes show', async () => {
    const known = await predict(session, checkpoint, { files })
    const answers = await Promise.all(files.map(file => smoothed.predict(file)))
    const counts = known.map(({ topCount, runnerUpCount }) => [topCount, runnerUpCount])
    expect(answers.map(({ topCount, runnerUpCount }) => [topCount, runnerUpCount])).toEqual(counts)
    expect(new Set(counts.map(([topCount]) => topCount)).size).toBeGreaterThan(5)
  })

  it('is found by its run, its checkpoint and its smoothed.json, with one digest', async () => {
    using same = await loadSmoothed(session, join(checkpoint, 'smoothed.json'))
    expect(same.digest).toBe(smoothed.digest)
    expect(same.classes).toEqual(Array.from({ length: 10 }, (_, label) => String(label)))
    await expect(loadSmoothed(session, join(folder, 'nowhere'))).rejects.toThrow(/nowhere/)
    const other = { ...config(), smoothing: { ...config().smoothing, sigma: 0.5 } }
    using noisier = await loadSmoothed(session, other)
    expect(noisier.digest).not.toBe(smoothed.digest)
    // Limits decide no answer.
    using limited = await loadSmoothed(session, checkpoint, { limits: { maxMegapixels: 1, maxMegabytes: 1 } })
    expect(limited.digest).toBe(smoothed.digest)
  })

  it('says where α is of each answer alone, and the settings want it of all', async () => {
    const { certification, ...others } = config()
    const notes: string[] = []
    const other = { ...others, certification: { ...certification, familyWise: true } }
    using loaded = await loadSmoothed(session, other, { onNote: note => notes.push(note) })
    expect(notes).toContainEqual(expect.stringContaining('certification.familyWise is not kept'))
    expect(await loaded.predict(files[0] ?? '')).toMatchObject({ alpha: 0.001 })
  })

  it('has predictions side by side share passes, each as it is alone', async () => {
    const alone = []
    for (const file of files) alone.push(await smoothed.predict(file, { n: 32 }))
    const before = session.liveTensors()
    const { instructions } = session.counters
    const together = await Promise.all(files.map(file => smoothed.predict(file, { n: 32 })))
    expect(together).toEqual(alone)
    // A pass is three instructions, an image three: decoded, scaled twice.
    const passes = Math.ceil((32 * 48) / 64)
    expect(session.counters.instructions - instructions).toBeLessThan(32 * 4 + (passes + 4) * 4)
    expect(session.liveTensors()).toBe(before)
  })

  it('takes alpha, n, seed and one radius for a prediction', async () => {
    const [first = ''] = files
    const answer = await smoothed.predict(first, { alpha: 0.01, n: 48, seed: 2 ** 52 })
    expect(answer).toMatchObject({ alpha: 0.01, n: 48, seed: 2 ** 52, copies: 64, atRadius: null })
    const near = await smoothed.predict(first, { radius: 0.05, n: 1000 })
    expect(near).toMatchObject({ verdict: 'certified', className: '6', radius: 0.05, atRadius: 'certified' })
    expect(near.copies).toBe(116)
    expect(near.pValue).toBeNull()
    const far = await smoothed.predict(files[25] ?? '', { radius: 0.4, n: 1000, alpha: 0.01 })
    expect(far).toMatchObject({ verdict: 'abstained', className: null, radius: 0 })
    expect(far.atRadius).not.toBe('certified')
    await expect(smoothed.predict(first, { n: 9 })).rejects.toThrow('Set n to at least 10.')
    await expect(smoothed.predict(first, { alpha: 2 })).rejects.toThrow(ConfigError)
  })

  it('says what is not an image, and fails no prediction beside it', async () => {
    const [first = ''] = files
    const before = session.liveTensors()
    const content = await readFile(first)
    const answers = await Promise.allSettled([
      smoothed.predict(first),
      smoothed.predict(Buffer.from('<svg/>')),
      smoothed.predict(content.subarray(0, content.length / 2)),
      smoothed.predict(join(folder, 'missing.png')),
      smoothed.predict(folder),
      smoothed.predict(first),
    ])
    const reasons = answers.flatMap(answer => (answer.status === 'rejected' ? [answer.reason] : []))
    expect(reasons.every(reason => reason instanceof DataError)).toBe(true)
    expect(reasons.map(({ problem }) => problem.kind)).toEqual(['format', 'damaged', 'damaged', 'damaged'])
    expect(answers[0]).toEqual(answers[5])
    expect(session.liveTensors()).toBe(before)
    using small = await loadSmoothed(session, checkpoint, { limits: { maxMegapixels: 1e-5 } })
    await expect(small.predict(first)).rejects.toMatchObject({ problem: { kind: 'pixels' } })
  })

  it('tells preliminary values, and stops when it is told to', async () => {
    const [first = ''] = files
    const stop = new AbortController()
    const before = session.liveTensors()
    const seen: number[] = []
    const stopped = smoothed.predict(first, {
      ...{ n: 100_000, signal: stop.signal },
      onVotes: ({ voted, className, radius }) => {
        seen.push(voted)
        expect([className, radius >= 0]).toEqual(['6', true])
        if (seen.length === 3) stop.abort(new Error('enough'))
      },
    })
    await expect(stopped).rejects.toThrow('enough')
    expect(seen).toEqual([64, 128, 192])
    expect(smoothed.predictions).toBe(0)
    expect(session.liveTensors()).toBe(before)
  })

  it('refuses noise that is not Gaussian, whose radii would be others', async () => {
    const { certification, ...others } = config()
    for (const noise of ['uniform', 'discrete-gaussian'] as const) {
      const other = { ...others, certification: { ...certification, noise } }
      await expect(loadSmoothed(session, other)).rejects.toThrow(
        `Gaussian noise, got certification.noise ${noise}`,
      )
    }
  })

  it('refuses other procedures than CERTIFY', async () => {
    const { certification, ...others } = config()
    const other = { ...others, certification: { ...certification, procedure: { kind: 'pixel-dp' as const } } }
    await expect(loadSmoothed(session, other)).rejects.toThrow(
      'A loaded classifier is by PREDICT and CERTIFY, got the procedure pixel-dp',
    )
  })

  it('is freed with its block', async () => {
    const before = session.liveTensors()
    {
      using other = await loadSmoothed(session, checkpoint)
      await other.predict(files[0] ?? '')
    }
    expect(session.liveTensors()).toBe(before)
  })
})
