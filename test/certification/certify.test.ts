import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type CertificationConfig,
  CheckpointError,
  ConfigError,
  certifyDataset,
  gaussianBound,
  mergeShards,
  type Session,
  type Smoothing,
  smoothingOf,
  torch,
} from '../../src'
import { type CertifiedImage, readCertificationLog } from '../../src/analysis'
import { certificationSchema } from '../../src/config/certification-schema'
import {
  armBallot,
  armsVoter,
  type Certifier,
  certifyImages,
  cohenCertifier,
  denoise,
  type Line,
  noiseLevelOf,
  predictCertifier,
  shardPath,
  singleVoter,
  type Tally,
} from '../../src/internal'
import type { CertificationRow } from '../../src/logs/certification-log'
import { STREAMS_VERSION } from '../../src/streams'
import { CLASSIFIER, connectForTest, loadDigits } from '../support/digits'
import { certifyOne, imageOf, scriptedCertifier, votesOnCopies } from '../support/votes'

const SIGMA = 0.25
const LIMITED_MEMORY_NETWORK = join(__dirname, '..', 'support', 'limited_memory_network.py')
const OPTIONS = certificationSchema.parse({ n0: 16, n: 96, alpha: 0.001, batch: 64, seed: 7 })

describe('certification', () => {
  let session: Session
  let networks: Awaited<ReturnType<typeof loadDigits>>
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
    networks = await loadDigits(session)
  })
  afterAll(() => session.close())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-certify-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const smoothing = (sigma = SIGMA) => smoothingOf(networks.denoiser, sigma)
  const voter = (classifier = networks.classifier) => singleVoter(classifier, { classes: 10 })
  const image = (index: number) => imageOf(networks.testSet, index)

  interface Copies {
    readonly n: number
    readonly from?: number
    readonly stream: readonly (string | number)[]
    readonly classifier?: torch.Classifier
    readonly smoothing?: Smoothing
  }

  /** Votes on noisy copies of an image, without a queue. */
  async function votes(index: number, copies: Copies): Promise<number[]> {
    const image_CHW = image(index)
    const { classifier } = networks
    const counts = await votesOnCopies(image_CHW, { smoothing: smoothing(), classifier, ...copies })
    session.free(image_CHW)
    return counts
  }

  /** Votes on noisy copies of an image, from passes of at most `batch` copies. */
  async function votesInPasses(
    index: number,
    { n, stream, batch, main }: { n: number; stream: (string | number)[]; batch: number; main?: Line },
  ): Promise<number[]> {
    const told: Tally[] = []
    const certifiers = [scriptedCertifier([[{ stage: 'votes', count: n }]], { told })]
    const line = { smoothing: smoothing(), voter: voter() }
    await certifyOne({ image_CHW: image(index), stream, certifiers }, { main: main ?? line }, { batch })
    return [...(told[0] ?? [])]
  }

  it('counts n votes, the same for every batch size and other ones for another stream', async () => {
    const reference = await votes(3, { n: 300, stream: ['x', 'votes'] })
    expect(reference.filter(count => count > 0).length).toBeGreaterThan(1)
    for (const batch of [7, 100, 300, 5000]) {
      expect(await votesInPasses(3, { n: 300, stream: ['x'], batch })).toEqual(reference)
    }
    expect(await votesInPasses(3, { n: 300, stream: ['other'], batch: 300 })).not.toEqual(reference)
  })

  const COHEN = { bound: gaussianBound(SIGMA), alpha: OPTIONS.alpha, n0: OPTIONS.n0, n: OPTIONS.n }

  it('gives classifiers that vote together what each gets alone', async () => {
    const other = await torch.loadClassifier(session, {
      source: 'timm',
      path: CLASSIFIER,
      inputRange: { mean: [0.9], std: [0.2] },
    })
    const certify = (...classifiers: torch.Classifier[]) => {
      const certifiers = classifiers.map((_, arm) =>
        cohenCertifier({ ...COHEN, ballot: armBallot(arm, 'class') }),
      )
      const main = { smoothing: smoothing(), voter: armsVoter(classifiers.map(voter)) }
      return certifyOne({ image_CHW: image(1), stream: [7, 'x'], certifiers }, { main })
    }
    const [first, second] = await certify(networks.classifier, other)
    expect(await certify(networks.classifier)).toEqual([first])
    expect(await certify(other)).toEqual([second])
    expect(first).not.toEqual(second)
    session.free(other)
  })

  it('draws what several certifiers ask for once, with what else is to be read', async () => {
    const stream = [7, 'x']
    const run = async (...certifiers: Certifier[]) => {
      await session.flush()
      const before = { ...session.counters }
      const beside = { two: torch.tensor(session, 2, { axes: '' }) }
      const main = { smoothing: smoothing(), voter: voter() }
      const results = certifyImages(
        session,
        [3],
        index => ({ image_CHW: image(index), stream, beside, certifiers }),
        { lines: { main }, batch: 64 },
      )
      for await (const found of results) {
        // Two passes.
        expect(session.counters.roundTrips).toBe(before.roundTrips + 2)
        return { ...found, instructions: session.counters.instructions - before.instructions }
      }
      throw new Error('There is an image.')
    }
    const [certify, predict] = [cohenCertifier(COHEN), predictCertifier(COHEN)]
    const alone = await run(certify)
    const both = await run(certify, predict)
    expect(both.beside).toEqual({ two: 2 })
    expect(both.instructions).toBe(alone.instructions)
    expect(both.outcomes[0]).toEqual(alone.outcomes[0])
    const counts = await votes(3, { n: OPTIONS.n, stream: [...stream, 'estimation'] })
    expect(both.outcomes[1]).toMatchObject({
      kind: 'predicted',
      evidence: { candidateCount: Math.max(...counts), n: OPTIONS.n },
    })
  })

  it.each([
    ['without a denoiser on images with noise of sigma, for pixels in [0, 1]', null],
    ['behind a denoiser on what it makes of images with the noise of its timestep', 'digits'],
  ])('counts the votes of a classifier %s', async (_, name) => {
    const { classifier } = networks
    const denoiser = name && networks.denoiser
    const image_CHW = image(2)
    const level = noiseLevelOf(networks.denoiser, 0.75)
    const counts = await votesInPasses(2, {
      ...{ n: 40, batch: 16, stream: ['one by one'] },
      main: { smoothing: denoiser ? smoothing(0.75) : smoothingOf(null, 0.2), voter: voter() },
    })
    const logits = await session.compute(() => {
      const noise_NCHW = torch.noiseBlocks(image_CHW, {
        ...{ axis: 'N', name: ['one by one', 'votes'], count: 40, block: 16 },
      })
      const noisy_NCHW = denoiser
        ? torch.add(
            torch.mul(noise_NCHW, level.sqrtOneMinusAlphaCumprod),
            torch.mul(image_CHW, level.sqrtAlphaCumprod),
          )
        : torch.add(torch.mul(noise_NCHW, 0.4), image_CHW)
      const seen_NCHW = denoiser ? denoise(denoiser, noisy_NCHW, level) : noisy_NCHW
      return torch.noGrad(session, () => classifier.classify(seen_NCHW))
    })
    const classes = logits.map(row => row.indexOf(Math.max(...row)))
    const expected = Array.from({ length: 10 }, (_, label) => classes.filter(vote => vote === label).length)
    expect(counts).toEqual(expected)
    expect(expected.filter(count => count > 0).length).toBeGreaterThan(1)
    session.free(image_CHW)
  })

  it('takes as many noisy copies at once as it may, in whole blocks of the noise, and no more', async () => {
    const classifier = await torch.loadClassifier(session, {
      ...{ source: 'python', file: LIMITED_MEMORY_NETWORK, factory: 'make', arguments: { most: 33 } },
    })
    const main = { smoothing: smoothingOf(null, SIGMA), voter: voter(classifier) }
    for (const [batch, passes] of [
      [7, 10],
      [16, 4],
      [33, 2],
    ] as const) {
      const before = session.counters.roundTrips
      const counts = await votesInPasses(0, { n: 64, batch, stream: ['x'], main })
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(64)
      expect(session.counters.roundTrips - before).toBe(passes)
    }
    session.free(classifier)
  })

  interface Run {
    readonly smoothing?: Smoothing
    readonly classifier?: torch.Classifier
    readonly certification?: Partial<CertificationConfig>
    readonly options?: Partial<Parameters<typeof certifyDataset>[1]>
  }

  /** Certifies into a log, and returns it. */
  async function certifyInto(name: string, indices: readonly number[], run: Run = {}) {
    const { classifier = networks.classifier, certification, options } = run
    const log = join(folder, name)
    await certifyDataset(
      {
        ...{ smoothing: run.smoothing ?? smoothing(), dataset: networks.testSet },
        arms: [{ classifier, name: 'digits', log }],
      },
      { certification: { ...OPTIONS, ...certification }, indices, ...options },
    )
    return readCertificationLog(log)
  }

  /** The rows without their times, by image. */
  async function certify(name: string, indices: readonly number[], run: Run = {}) {
    const { rows } = await certifyInto(name, indices, run)
    return new Map(rows.map(({ durationMs: _, ...row }) => [row.index, row]))
  }

  it('writes equal rows in any order, over shards, and after a row was cut short', async () => {
    const indices = [0, 2, 3, 6]
    const reference = await certify('reference.tsv', indices)
    expect([...reference.keys()]).toEqual(indices)
    expect([...reference.values()].filter(({ radius }) => radius > 0).length).toBeGreaterThan(2)
    const labels = await session.compute(() => networks.testSet.images(indices).labels_B)
    expect([...reference.values()].map(({ label }) => label)).toEqual(labels)

    expect(await certify('reversed.tsv', [...indices].reverse())).toEqual(new Map([...reference].reverse()))
    for (const number of [1, 2, 3]) {
      const shard = { number, of: 3 }
      const rows = await certify(shardPath('log.tsv', shard), indices, { options: { shard } })
      expect([...rows.keys()]).toEqual([[0, 6], [2], [3]][number - 1])
    }
    const shards = (await readdir(folder)).filter(name => /shard.*tsv$/.test(name))
    const merged = join(folder, 'merged.tsv')
    await mergeShards(
      shards.map(name => join(folder, name)),
      { output: merged },
    )
    const withoutTimes = async (path: string) =>
      (await readFile(path, 'utf8')).split('\n').map(line => line.split('\t').toSpliced(5, 1))
    expect(await withoutTimes(merged)).toEqual(await withoutTimes(join(folder, 'reference.tsv')))

    await certify('resumed.tsv', indices.slice(0, 3))
    const resumed = join(folder, 'resumed.tsv')
    await truncate(resumed, (await readFile(resumed)).length - 5)
    const seen: [number, number, boolean][] = []
    const onImage = (done: number, { index, isNew }: CertifiedImage) => seen.push([done, index, isNew])
    expect(await certify('resumed.tsv', indices, { options: { onImage } })).toEqual(reference)
    expect(seen).toEqual([
      [1, 0, false],
      [2, 2, false],
      [3, 3, true],
      [4, 6, true],
    ])
  })

  it('certifies an image for those classifiers alone whose logs lack it, each as it does alone', async () => {
    const other = await torch.loadClassifier(session, {
      source: 'timm',
      path: CLASSIFIER,
      inputRange: { mean: [0.9], std: [0.2] },
    })
    const arms = [networks.classifier, other].map((classifier, arm) => ({
      ...{ classifier, name: 'digits', log: join(folder, `arm-${arm}.tsv`) },
    }))
    const [first] = arms as [(typeof arms)[0]]
    const { testSet: dataset } = networks
    const certified = { smoothing: smoothing(), dataset }
    await certifyDataset({ ...certified, arms: [first] }, { certification: OPTIONS, indices: [0] })
    const seen: [number, number, boolean][] = []
    const onImage = (_: number, { index, rows, isNew }: CertifiedImage) =>
      seen.push([index, rows.length, isNew])
    const begunMs = performance.now()
    await certifyDataset({ ...certified, arms }, { certification: OPTIONS, indices: [0, 3, 2], onImage })
    const elapsedMs = performance.now() - begunMs
    expect(seen).toEqual([0, 3, 2].map(index => [index, 2, true]))

    const durationsMs: number[] = []
    for (const [arm, { classifier, log }] of arms.entries()) {
      const rows = (await readCertificationLog(log)).rows.slice(1 - arm)
      durationsMs.push(...rows.map(({ durationMs }) => durationMs))
      const alone = await certifyInto(`alone-${arm}.tsv`, arm === 0 ? [3, 2] : [0, 3, 2], { classifier })
      const withoutTime = (logged: readonly CertificationRow[]) =>
        logged.map(({ durationMs: _, ...row }) => row)
      expect(withoutTime(rows)).toEqual(withoutTime(alone.rows))
    }
    // An image's time is shared among its classifiers. Logs have it in microseconds.
    const sumMs = durationsMs.reduce((sum, durationMs) => sum + durationMs, 0)
    expect(Math.min(...durationsMs)).toBeGreaterThan(0)
    expect(sumMs).toBeLessThan(elapsedMs + 1)
    session.free(other)
  })

  it('refuses to continue with a log of another configuration, and says what differs', async () => {
    await certify('log.tsv', [0])
    await expect(certify('log.tsv', [1], { certification: { alpha: 0.01 } })).rejects.toThrow(ConfigError)
    await expect(certify('log.tsv', [0], { certification: { alpha: 0.01 } })).rejects.toThrow(/alpha/)
  })

  it('says in the log what decides its rows, and which images are planned', async () => {
    const { metadata, rows } = await certifyInto('log.tsv', [0, 3], {
      options: { shard: { number: 2, of: 2 } },
    })
    // The pixels as the data set gives them.
    const [pixels] = await session.compute(() => networks.testSet.images([3]).images_BCHW)
    const bytes = new Uint8Array(Float32Array.from(pixels?.flat(3) ?? []).buffer)
    expect(rows[0]?.digest).toBe(createHash('sha256').update(bytes).digest('hex').slice(0, 16))
    expect(metadata).toMatchObject({
      format: 2,
      configuration: {
        classifier: 'digits',
        sigma: SIGMA,
        realisedSigma: noiseLevelOf(networks.denoiser, SIGMA).realisedSigma,
        certifiedSigma: SIGMA,
        norm: 'l2',
        bound: 'gaussian',
        procedure: { kind: 'certify' },
        streams: STREAMS_VERSION,
        arithmetic: { dtype: 'float32', denoiserDtype: 'float32', autocast: 'none' },
        data: { images: 597, classes: 10, imageShape: [1, 8, 8] },
      },
      plan: { count: 1, images: '3' },
      share: { number: 2, of: 2, count: 2 },
      notes: { batch: 64, pass: 64 },
    })
  })

  it('draws the noise of an image by the seed and its place in the data set', async () => {
    const stream = [OPTIONS.seed, 'certify', 3, 'estimation']
    const { rows } = await certifyInto('fixed.tsv', [3])
    const fixed = rows[0]?.evidence
    expect(fixed?.candidateCount).toBe((await votes(3, { n: 96, stream }))[fixed?.candidate ?? -1])
    // So few votes are looked at once.
    const certification = { adaptive: { radii: [0] }, n: 63 }
    const adaptive = (await certifyInto('adaptive.tsv', [3], { certification })).rows[0]?.evidence
    expect(adaptive?.n).toBe(63)
    expect(adaptive?.candidateCount).toBe((await votes(3, { n: 63, stream }))[adaptive?.candidate ?? -1])
    // Nothing is left to do.
    expect((await certifyInto('fixed.tsv', [3])).rows).toEqual(rows)
  })

  it('computes both networks in half precision where that is asked for, and says so', async () => {
    // Noise under which the votes for these images are divided.
    const divided = { smoothing: smoothing(0.75), certification: { n: 200 } }
    const half = await certifyInto('half.tsv', [1, 2, 3, 7], {
      ...divided,
      certification: { n: 200, autocast: 'bfloat16', channelsLast: true },
    })
    const arithmetic = { autocast: 'bfloat16', channelsLast: true }
    expect(half.metadata?.configuration).toMatchObject({ arithmetic })
    const exact = await certifyInto('exact.tsv', [1, 2, 3, 7], divided)
    const votesOf = ({ rows }: typeof half) => rows.map(({ evidence }) => evidence?.candidateCount ?? 0)
    expect(votesOf(half)).not.toEqual(votesOf(exact))
    const differences = votesOf(half).map((count, image) => Math.abs(count - (votesOf(exact)[image] ?? 0)))
    expect(Math.max(...differences)).toBeLessThan(10)
  })

  it('certifies a classifier without a denoiser, whose noise is sigma itself', async () => {
    const { rows, metadata } = await certifyInto('log.tsv', [0], { smoothing: smoothingOf(null, SIGMA) })
    expect(metadata?.configuration).toMatchObject({
      realisedSigma: null,
      arithmetic: { denoiserDtype: null },
    })
    expect(rows[0]?.radius).toBeGreaterThan(0)
    const [denoised] = (await certifyInto('denoised.tsv', [0])).rows
    expect(rows[0]?.evidence).not.toEqual(denoised?.evidence)
  })

  it('shares α among all images where it is to hold for the whole data set', async () => {
    const { rows, metadata } = await certifyInto('whole.tsv', [0, 1, 2, 3], {
      certification: { familyWise: true },
      options: { shard: { number: 1, of: 2 } },
    })
    expect(metadata?.configuration).toMatchObject({
      alpha: OPTIONS.alpha / 4,
      familyWise: { alpha: OPTIONS.alpha, images: 4 },
    })
    const alone = await certifyInto('each.tsv', [0, 1, 2, 3], { certification: { alpha: OPTIONS.alpha / 4 } })
    expect(rows.map(({ radius }) => radius)).toEqual([0, 2].map(position => alone.rows[position]?.radius))
  })

  it('refuses votes that can certify nothing', async () => {
    const few = certifyInto('few.tsv', [0], { certification: { n: 9 } })
    await expect(few).rejects.toThrow('Set n to at least 10.')
  })

  it('takes the smaller of the two sigmas for the radius where that is asked for', async () => {
    const { scales, ...others } = smoothingOf(null, 0.2)
    const less = { smoothing: { ...others, scales, sigma: SIGMA } }
    await expect(certifyInto('nominal.tsv', [0], less)).rejects.toThrow(/draw/)
    const nominal = await certifyInto('equal.tsv', [0], { smoothing: smoothingOf(null, 0.2) })
    const certification = { radiusSigma: 'min' as const }
    const smaller = await certifyInto('smaller.tsv', [0], { ...less, certification })
    expect(nominal.rows[0]?.radius).toBeGreaterThan(0)
    expect(smaller.rows[0]?.radius).toBe(nominal.rows[0]?.radius)
    expect(smaller.metadata?.configuration).toMatchObject({ radiusSigma: 'min', certifiedSigma: 0.2 })
  })

  it('takes the votes that each image needs, where that is asked for: the same in any pass, order and run', async () => {
    const adaptive = { radii: [0, 0.25, 0.5] }
    const certification = { adaptive, n: 2000, batch: 512 }
    const reference = await certifyInto('grid.tsv', [0, 2, 3], { certification })
    const votes = reference.rows.map(({ evidence }) => evidence?.n ?? 0)
    expect(Math.max(...votes)).toBeLessThan(2000)
    expect(new Set(votes).size).toBeGreaterThan(1)
    for (const { radius, evidence } of reference.rows) {
      expect(adaptive.radii).toContain(radius)
      expect(evidence).toMatchObject({ n0: OPTIONS.n0, pilot: 0 })
    }
    expect(reference.rows.some(({ radius }) => radius > 0)).toBe(true)
    expect(reference.metadata?.configuration).toMatchObject({
      procedure: { kind: 'grid', radii: [0, 0.25, 0.5], block: 16, worth: 10_000 },
      n: 2000,
    })
    const labels = await session.compute(() => networks.testSet.images([0, 2, 3]).labels_B)
    expect(reference.rows.map(({ label }) => label)).toEqual(labels)
    const expected = new Map(reference.rows.map(({ durationMs: _, ...row }) => [row.index, row]))
    const other = { certification: { ...certification, batch: 32 } }
    await certify('other.tsv', [3], other)
    const resumed = await certify('other.tsv', [3, 2, 0], other)
    expect(resumed).toEqual(new Map([...expected].reverse()))
  })

  it('draws the copies that certifiers ask for, each with the noise of its number, for those who ask for it', async () => {
    // Noise under which the votes for this image are divided.
    const noisy = smoothing(0.75)
    const other = await torch.loadClassifier(session, {
      ...{ source: 'timm', path: CLASSIFIER, inputRange: { mean: [0.9], std: [0.2] } },
    })
    const stream = [7, 'certify', 2]
    const votesOf = (n: number, stage: string, from = 0, classifier = networks.classifier) =>
      votes(2, { smoothing: noisy, classifier, n, from, stream: [...stream, stage] })
    const told: [Tally[], Tally[]] = [[], []]
    const outcomes = await certifyOne(
      {
        image_CHW: image(2),
        stream,
        certifiers: [
          scriptedCertifier(
            [
              [
                { stage: 'selection', count: 9 },
                { stage: 'estimation', from: 0, count: 30 },
              ],
              [{ stage: 'pilot', from: 24, count: 16 }],
              [{ stage: 'estimation', from: 30, count: 40 }],
            ],
            { ballot: armBallot(0, 'class'), told: told[0] },
          ),
          scriptedCertifier([[{ stage: 'selection', count: 9 }], [{ stage: 'pilot', from: 0, count: 16 }]], {
            ballot: armBallot(1, 'class'),
            told: told[1],
          }),
        ],
      },
      { main: { smoothing: noisy, voter: armsVoter([voter(), voter(other)]) } },
      { batch: 16 },
    )
    expect(outcomes).toMatchObject([{ why: armBallot(0, 'class') }, { why: armBallot(1, 'class') }])
    expect(told[0]).toEqual([
      await votesOf(9, 'selection'),
      await votesOf(30, 'estimation'),
      await votesOf(16, 'pilot', 24),
      await votesOf(40, 'estimation', 30),
    ])
    const [, first = [], , second = []] = told[0]
    expect(first.map((count, label) => count + (second[label] ?? 0))).toEqual(await votesOf(70, 'estimation'))
    expect(told[1]).toEqual([await votesOf(9, 'selection', 0, other), await votesOf(16, 'pilot', 0, other)])
    expect(new Set(told.flat().map(String)).size).toBe(6)
    session.free(other)
  })

  it('plans the votes of an image with a pilot, which counts for nothing', async () => {
    const certification = { adaptive: { maxRadiusLoss: 0.05 }, n: 2000 }
    const { rows } = await certifyInto('sized.tsv', [0], { certification })
    expect(rows[0]?.evidence?.pilot).toBeGreaterThan(0)
    expect(rows[0]?.evidence?.n).toBeLessThan(2000)
    expect(rows[0]?.radius).toBeGreaterThan(0)
  })

  it('decides one radius in rounds, the same in any pass, order and run', async () => {
    const adaptive = { radius: 0.25, rounds: [64, 640], beta: 0.01 }
    const certification = { adaptive, n: 640 }
    const { rows, metadata } = await certifyInto('rounds.tsv', [0, 1, 2, 3], { certification })
    expect(metadata?.configuration.procedure).toEqual({ kind: 'at-radius', ...adaptive })
    expect(new Set(rows.map(({ evidence }) => evidence?.n))).toEqual(new Set([64, 640]))
    const other = { certification: { ...certification, batch: 32 } }
    await certify('other.tsv', [3], other)
    const expected = rows.map(({ durationMs: _, ...row }) => [row.index, row] as const)
    expect(await certify('other.tsv', [3, 2, 1, 0], other)).toEqual(new Map([...expected].reverse()))
  })

  it('halves a batch that does not fit into memory, says so, and changes no vote', async () => {
    const file = LIMITED_MEMORY_NETWORK
    const load = (most: number) =>
      torch.loadClassifier(session, { source: 'python', file, factory: 'make', arguments: { most } })
    const [roomy, tight] = [await load(1000), await load(10)]
    const reference = await certifyInto('roomy.tsv', [0, 1], { classifier: roomy })
    const notes: string[] = []
    const options = { onNote: (note: string) => notes.push(note) }
    const { rows } = await certifyInto('tight.tsv', [0, 1], { classifier: tight, options })
    expect(rows.map(({ evidence }) => evidence)).toEqual(reference.rows.map(({ evidence }) => evidence))
    expect(notes).toEqual([
      'Memory does not suffice for batches of 64; continuing with 32.',
      'Memory does not suffice for batches of 32; continuing with 16.',
      'Memory does not suffice for batches of 16; continuing with 8.',
    ])
    const none = await load(0)
    const before = session.liveTensors()
    await expect(certifyInto('none.tsv', [0], { classifier: none })).rejects.toThrow(/OutOfMemoryError/)
    expect(session.liveTensors()).toBe(before)
    session.free([roomy, tight, none])
  })

  it('refuses votes of logits that are NaN, instead of giving them to the first class', async () => {
    const classifier = await torch.loadClassifier(session, {
      source: 'python',
      file: join(__dirname, '..', 'support', 'nan_network.py'),
      factory: 'make',
      arguments: { darkest: -0.6 },
    })
    const main = { smoothing: smoothingOf(null, SIGMA), voter: voter(classifier) }
    const run = (certifier: Certifier) =>
      certifyOne({ image_CHW: image(3), stream: [7, 'certify', 3], certifiers: [certifier] }, { main })
    const certified = run(cohenCertifier(COHEN))
    await expect(certified).rejects.toThrow(CheckpointError)
    await expect(certified).rejects.toThrow(/are NaN for ([1-9]|1[0-6]) of 16 noisy copies/)
    await expect(run(predictCertifier(COHEN))).rejects.toThrow(CheckpointError)
    for (const adaptive of ['none' as const, { radii: [0] }]) {
      const { smoothing: plain } = main
      const run = certifyInto('nan.tsv', [3], { smoothing: plain, classifier, certification: { adaptive } })
      await expect(run).rejects.toThrow(CheckpointError)
      expect((await readCertificationLog(join(folder, 'nan.tsv'))).rows).toEqual([])
      await rm(join(folder, 'nan.tsv'))
      await rm(join(folder, 'nan.tsv.json'))
    }
    session.free(classifier)
  })

  it('refuses a classifier of other classes than the data have', async () => {
    const spec = { source: 'timm', path: CLASSIFIER, numClasses: 12 }
    const classifier = await torch.loadClassifier(session, spec)
    await expect(certifyInto('log.tsv', [0], { classifier })).rejects.toThrow(/10 classes.* has 12/)
    session.free(classifier)
  })

  it('stops at once when it is told to, with whole rows alone in the log', async () => {
    const stop = new AbortController()
    const before = session.liveTensors()
    const options = { signal: stop.signal, onImage: () => stop.abort('SIGINT') }
    const stopped = certifyInto('log.tsv', [0, 1, 2, 3], { options })
    await expect(stopped).rejects.toThrow('Stopped with 1 of 4 images certified.')
    await expect(stopped).rejects.toMatchObject({ name: 'InterruptedError', reason: 'SIGINT' })
    expect(session.liveTensors()).toBe(before)
    const log = await readCertificationLog(join(folder, 'log.tsv'))
    expect(log.rows.map(({ index }) => index)).toEqual([0])
    expect(log.partial).toBeUndefined()
  })

  it('leaves no tensor behind', async () => {
    const before = session.liveTensors()
    await certify('log.tsv', [0, 1], { certification: { dtype: 'float64' } })
    await certify('adaptive.tsv', [0], { certification: { adaptive: { radii: [0] } } })
    expect(session.liveTensors()).toBe(before)
  })
})
