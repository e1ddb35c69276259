import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type CertificationConfigInput,
  ConfigError,
  certificationOf,
  certify,
  certifyDataset,
  gaussianBound,
  loadSmoothed,
  mergeShards,
  parseCertificationConfig,
  predict,
  presets,
  type Session,
  smoothingOf,
  torch,
} from '../../src'
import { readCertificationLog } from '../../src/analysis'
import { notesOn } from '../../src/analysis/settings'
import { planAttack } from '../../src/attack/plan-attack'
import { dryRunCertification } from '../../src/certification/dry-run'
import { majority } from '../../src/certification/queue/majority'
import { renderDryRun } from '../../src/cli/certification-dry-run'
import { certificationSchema } from '../../src/config/certification-schema'
import { certifyImages, cohenCertifier, shardPath, singleVoter } from '../../src/internal'
import { estimateClean, noiseScheduleOf } from '../../src/smoothing/denoise'
import { passesOfCopy, purificationOf, reverseSteps } from '../../src/smoothing/purification'
import { noisy, seen } from '../../src/smoothing/smoothing'
import { randomNumbers } from '../../src/streams'
import { connectForTest, loadDigits } from '../support/digits'
import { useForkedPython } from '../support/forked-python'
import { certifyOne, imageOf, scriptedCertifier } from '../support/votes'

useForkedPython()

const SIGMA = 0.5
const LOCAL = { kind: 'local', sigma: 0.25, votes: 3 } as const
const REVERSE = { kind: 'reverse', steps: 3, votes: 2 } as const

let session: Session
let networks: Awaited<ReturnType<typeof loadDigits>>
let folder: string
beforeAll(async () => {
  session = await connectForTest()
  networks = await loadDigits(session)
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-purification-'))
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

const smoothing = () => smoothingOf(networks.denoiser, SIGMA)

/** Votes of a pass of each size on one image, by the queue. */
async function votesOf(purify: CertificationConfigInput['purify'], batch: number) {
  const told: (readonly number[])[] = []
  const image_CHW = imageOf(networks.testSet, 7)
  await certifyOne(
    {
      ...{ image_CHW, stream: [1, 'certify', 7] },
      certifiers: [scriptedCertifier([[{ stage: 'estimation', count: 32 }]], { told })],
    },
    {
      main: {
        ...{ smoothing: smoothing(), voter: singleVoter(networks.classifier, { classes: 10 }) },
        purification: purificationOf(purify as never, smoothing()),
      },
    },
    { batch },
  )
  return told[0]
}

/** Noise of the 32 copies, from a stream whose name ends in `part`. */
function noiseOf(image_CHW: torch.Tensor<'CHW'>, ...part: readonly (string | number)[]) {
  const name = [1, 'certify', 7, 'estimation', ...part]
  return torch.noiseBlocks(image_CHW, { ...{ axis: 'N', name, start: 0, count: 32, block: 16 } })
}

/** The most frequent class of each copy, the smallest of equals, and how often each of ten it is. */
function votesOfMost(classes: readonly (readonly number[])[]): number[] {
  const votes = Array<number>(10).fill(0)
  for (const copy of (classes[0] ?? []).keys()) {
    const own = classes.map(vote => vote[copy] ?? -1).sort((a, b) => a - b)
    const count = (label: number) => own.filter(other => other === label).length
    const best = own.reduce((most, label) => (count(label) > count(most) ? label : most))
    votes[best] = (votes[best] ?? 0) + 1
  }
  return votes
}

const classesOf = (seen_NCHW: torch.Tensor<'NCHW'>) =>
  torch.argmax(
    torch.noGrad(session, () => networks.classifier.classify(seen_NCHW)),
    'K',
  )

describe('a copy has the vote of the majority', () => {
  it('of looks at its denoised image under fresh noise of its own name (DiffSmooth)', async () => {
    const classes = await session.compute(() => {
      const image_CHW = imageOf(networks.testSet, 7)
      const denoised_NCHW = seen(smoothing(), noisy(smoothing(), image_CHW, noiseOf(image_CHW)))
      return [0, 1, 2].map(time =>
        classesOf(torch.add(denoised_NCHW, torch.mul(noiseOf(image_CHW, 'local', time), 2 * LOCAL.sigma))),
      )
    })
    expect(await votesOf(LOCAL, 32)).toEqual(votesOfMost(classes))
    // The looks of a copy differ, and so the majority decides something.
    expect(classes[0]).not.toEqual(classes[1])
  })

  it('of runs back through the diffusion process, each step with fresh noise of its own name (DensePure)', async () => {
    const { denoiser } = networks
    const { alphasCumprod } = noiseScheduleOf(denoiser)
    const { front } = smoothing()
    if (front.kind !== 'one-shot') throw new Error('the digits have a diffusion model')
    const first = front.level.timestep
    const [second, third] = [Math.round((first * 2) / 3), Math.round(first / 3)]
    const classes = await session.compute(() => {
      const image_CHW = imageOf(networks.testSet, 7)
      return [0, 1].map(run => {
        let x_NCHW = noisy(smoothing(), image_CHW, noiseOf(image_CHW))
        const clean = (timestep: number) => {
          const now = alphasCumprod[timestep] as number
          const level = { sqrtAlphaCumprod: Math.sqrt(now), sqrtOneMinusAlphaCumprod: Math.sqrt(1 - now) }
          return estimateClean(
            x_NCHW,
            torch.noGrad(session, () => denoiser.predictNoise(x_NCHW, { timestep })),
            level,
          )
        }
        for (const [step, [from, to]] of [[first, second] as const, [second, third] as const].entries()) {
          const [now, next] = [alphasCumprod[from] as number, alphasCumprod[to] as number]
          const beta = 1 - now / next
          const mean = torch.add(
            torch.mul(clean(from), (Math.sqrt(next) * beta) / (1 - now)),
            torch.mul(x_NCHW, (Math.sqrt(now / next) * (1 - next)) / (1 - now)),
          )
          const deviation = Math.sqrt((beta * (1 - next)) / (1 - now))
          x_NCHW = torch.add(mean, torch.mul(noiseOf(image_CHW, 'reverse', run, step), deviation))
        }
        return classesOf(clean(third))
      })
    })
    expect(await votesOf(REVERSE, 32)).toEqual(votesOfMost(classes))
    expect(classes[0]).not.toEqual(classes[1])
  })

  it('the smallest class of equals, and none where a look has none', async () => {
    const looks = [
      [2, 1, 0, 4, -1],
      [1, 1, 3, 0, 5],
      [1, 2, 9, 4, 5],
      [2, 0, 5, 0, 5],
    ]
    const cast = await session.compute(() =>
      majority(
        looks.map(look => ({
          class: torch.tensor(session, look, { axes: 'N', dtype: 'int64' }) as torch.Tensor<'N'>,
        })),
      ),
    )
    expect(cast.class).toEqual([1, 1, 0, 0, -1])
  })
})

describe.each([LOCAL, REVERSE])('rows of $kind', purify => {
  it('are the same whatever shares a pass, in shards, and where they are continued', async () => {
    const certification = certificationSchema.parse({
      ...{ n0: 16, n: 64, alpha: 0.01, seed: 3, batch: 48, purify },
    })
    const rowsOf = async (name: string, options: object, indices = [0, 1, 7]) => {
      const log = join(folder, `${purify.kind}-${name}.tsv`)
      const { classifier, testSet: dataset } = networks
      const shard = (options as { shard?: { number: number; of: number } }).shard
      await certifyDataset(
        {
          ...{ smoothing: smoothing(), dataset },
          arms: [{ classifier, name: 'digits', log: shard === undefined ? log : shardPath(log, shard) }],
        },
        { certification, indices, ...options },
      )
      return log
    }
    const read = async (log: string) => {
      const { rows, metadata } = await readCertificationLog(log)
      const sorted = [...rows].sort((a, b) => a.index - b.index)
      return { rows: sorted.map(({ durationMs: _, ...row }) => row), metadata }
    }
    const { rows, metadata } = await read(await rowsOf('whole', {}))
    expect(metadata?.configuration.purify).toEqual(purify)
    expect(metadata?.notes?.passesOfCopy).toEqual(
      purify.kind === 'local' ? { denoiser: 1, classifier: 3 } : { denoiser: 6, classifier: 2 },
    )
    expect((await read(await rowsOf('alone', { imagesAtWork: 1 }, [7, 1, 0]))).rows).toEqual(rows)
    const stopped = new AbortController()
    await expect(
      rowsOf('continued', {
        signal: stopped.signal,
        imagesAtWork: 1,
        onImage: () => stopped.abort('enough'),
      }),
    ).rejects.toThrow(/enough|Stopped/)
    expect((await read(await rowsOf('continued', {}))).rows).toEqual(rows)
    for (const number of [1, 2]) await rowsOf('shards', { shard: { number, of: 2 } })
    const merged = join(folder, `${purify.kind}-shards.tsv`)
    await mergeShards(
      [1, 2].map(number => shardPath(merged, { number, of: 2 })),
      { output: merged },
    )
    expect((await read(merged)).rows).toEqual(rows)
  })
})

const settings = (certification: CertificationConfigInput) => ({
  ...certificationOf(presets.digits({ output: join(folder, 'run') })),
  certification: { ...{ n0: 16, n: 64, batch: 64, images: { first: 2 } }, ...certification },
})

it('a dry run, certify, its note, predict, a loaded classifier and an attack take the settings', async () => {
  const config = settings({ purify: LOCAL })
  const dry = await dryRunCertification(session, config)
  expect(dry.passesOfCopy).toEqual({ denoiser: 1, classifier: 3 })
  expect(renderDryRun(dry)).toContain('Of each copy the denoiser has 1 pass and each classifier 3')
  const log = await certify(session, config)
  expect(
    notesOn([
      { name: 'a', runs: [{ name: 'a', logs: [log], configuration: log.metadata?.configuration }] },
    ] as never),
  ).toContain(
    `A noisy copy of ${log.file} has the vote of the majority of 3 looks at its denoised image under noise of σ = 0.25 (DiffSmooth).`,
  )
  expect((await planAttack(parseCertificationConfig(settings({})))).config.certification.purify).toEqual(
    LOCAL,
  )

  const png = await session.compute(() =>
    torch.encodePng(torch.flatten(networks.testSet.images([7]).images_BCHW, 'B', 'N')),
  )
  const content = Buffer.from((png as unknown as string[])[0] ?? '', 'base64')
  const file = join(folder, 'seven.png')
  await writeFile(file, content)
  const said = async (purify: CertificationConfigInput['purify']) => {
    const [{ topCount } = { topCount: -1 }] = await predict(session, settings({ purify }), { files: [file] })
    using loaded = await loadSmoothed(session, settings({ purify }))
    const answer = await loaded.predict(file)
    return { topCount, votes: JSON.stringify(answer), digest: loaded.digest }
  }
  const [once, local] = [await said({ kind: 'once' }), await said(LOCAL)]
  expect(local.topCount).not.toBe(once.topCount)
  expect(local.votes).not.toBe(once.votes)
  expect(local.digest).not.toBe(once.digest)
})

it('costs as many passes as it takes looks', () => {
  const own = smoothing()
  expect(passesOfCopy({ kind: 'once' }, own)).toEqual({ denoiser: 1, classifier: 1 })
  expect(passesOfCopy({ kind: 'once' }, smoothingOf(null, 0.5))).toEqual({ denoiser: 0, classifier: 1 })
  expect(passesOfCopy(purificationOf({ kind: 'reverse', steps: 4, votes: 10 }, own), own)).toEqual({
    ...{ denoiser: 40, classifier: 10 },
  })
})

it('is refused where the front cannot do it, before anything is loaded', () => {
  expect(() => purificationOf(LOCAL, smoothingOf(null, 0.5))).toThrow(/local takes a denoiser in front/)
  expect(() => purificationOf(REVERSE, smoothingOf(null, 0.5))).toThrow(/reverse takes a diffusion model/)
  expect(() => reverseSteps(3, { alphasCumprod: [0.9, 0.8, 0.7, 0.6] }, { steps: 4 })).toThrow(ConfigError)
})

describe('Cohen on a classifier that draws noise itself', () => {
  const ALPHA = 0.2
  const IMAGES = 300
  const VOTES = { n0: 20, n: 100 }
  const classes = 2

  /** The class of a pixel: 1 above 0. The image is at 0, so that no class has more than one half. */
  const voter = (shift = 0) => ({
    networks: [],
    ballots: { class: { classes } },
    cast: (seen_NCHW: torch.Tensor<'NCHW'>) => ({
      class: torch.to(torch.gt(torch.flatten(seen_NCHW, 'NCHW', 'N'), shift), 'int64'),
    }),
  })
  const certifier = cohenCertifier({ bound: gaussianBound(SIGMA), alpha: ALPHA, ...VOTES })
  const plain = () => smoothingOf(null, SIGMA)

  /** How many of the images get a class, though none of theirs is right. */
  async function certified(shifts: readonly number[], purification: object): Promise<number> {
    let failed = 0
    const groups = new Set(shifts)
    for (const shift of groups) {
      const images = shifts.flatMap((own, image) => (own === shift ? [image] : []))
      const found = certifyImages(
        session,
        images,
        image => ({
          image_CHW: torch.tensor(session, [[[0]]], { axes: 'CHW' }),
          ...{ stream: ['toy', image], beside: [], certifiers: [certifier] },
        }),
        {
          lines: { main: { smoothing: plain(), voter: voter(shift), purification: purification as never } },
          batch: 128,
        },
      )
      for await (const { outcomes } of found) if (outcomes[0]?.kind === 'certified') failed += 1
    }
    return failed
  }

  /** More failures than this have a probability of about 1e-6 where one image fails with probability α. */
  const limit = ALPHA * IMAGES + 4.75 * Math.sqrt(ALPHA * (1 - ALPHA) * IMAGES)

  it('holds where each copy draws its own, and not where all copies of an image share what is drawn', async () => {
    const own = await certified(Array<number>(IMAGES).fill(0), { kind: 'local', sigma: SIGMA, votes: 3 })
    expect(own).toBeLessThanOrEqual(limit)
    // Not by far below: the bound is used.
    expect(own).toBeGreaterThan(ALPHA * IMAGES * 0.5)
    const random = randomNumbers('shared')
    const shared = Array.from({ length: IMAGES }, () => {
      const radius = Math.sqrt(-2 * Math.log(1 - random()))
      return 2 * SIGMA * radius * Math.cos(2 * Math.PI * random())
    })
    expect(await certified(shared, { kind: 'once' })).toBeGreaterThan(limit)
  }, 120_000)
})
