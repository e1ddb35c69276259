import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finetune } from '../../src'
import { CLASSIFIER, connectForTest } from '../support/digits'
import { useForkedPython } from '../support/forked-python'
import { killIfRunning } from '../support/kill-if-running'
import { type Launched, launch, UNDER_TSX } from '../support/launched'
import { checkpointBytes, readTensors, reproducibleRows } from '../support/run-files'
import { shortRun } from '../support/short-run'
import { casesOf, IS_SLOW_RUN } from '../support/slow'

useForkedPython()

const LAUNCH_MS = 900_000

/** How often rank 1 is killed, its Python and its Node in turn. */
const KILLS = Number(process.env.FT_CADIS_KILLS ?? 1)

/** Of the 20 updates, so that a run is killed several times before it ends. */
const MOST_UPDATES = 6
/** More than an update takes. */
const MOST_DELAY_MS = 150

/** Micro-batches of half an update: two for one process, one for each of two. */
const HALVES = { ...shortRun('run').optimisation, imagesPerMicroBatch: 60 }

describe('fine-tuning in two processes', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-ranks-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const inTwo = (
    run: string,
    {
      options = [],
      changes = {},
      ofRank1 = {},
    }: { options?: string[]; changes?: object; ofRank1?: object } = {},
  ) =>
    launch([
      ...['--nproc-per-node', '2', ...options, '--', UNDER_TSX, 'test/support/short-run.ts', run],
      ...[JSON.stringify({ optimisation: HALVES, ...changes }), JSON.stringify(ofRank1)],
    ])

  /** The largest difference of two runs between any weights, running statistics included. */
  async function largestDifference(one: string, two: string): Promise<number> {
    const weights = (run: string) =>
      readTensors(join(folder, run, 'checkpoints', 'epoch-02', 'model.safetensors'))
    const [ofOne, ofTwo] = [await weights(one), await weights(two)]
    expect([...ofTwo.keys()]).toEqual([...ofOne.keys()])
    const differences = [...ofOne].flatMap(([name, values]) =>
      [...values].map((value, index) => Math.abs(value - (ofTwo.get(name)?.[index] ?? Number.NaN))),
    )
    expect(differences.length).toBeGreaterThan(1000)
    // A number that is missing or is NaN makes all of it NaN.
    return differences.reduce((largest, difference) => Math.max(largest, difference), 0)
  }

  it(
    'gives the weights of one process with twice the micro-batches, to float32 rounding',
    async () => {
      const { exitCode, printed } = await inTwo(join(folder, 'two')).ended
      expect({ exitCode, printed }).toMatchObject({ exitCode: 0 })
      const checkpoint = JSON.stringify({ checkpoint: join(folder, 'two', 'checkpoints', 'epoch-02') })
      expect(printed.split(checkpoint), 'on both ranks').toHaveLength(3)
      await using session = await connectForTest()
      await finetune(
        session,
        { ...shortRun(join(folder, 'one')), optimisation: HALVES },
        { evaluationImages: 40 },
      )
      const rows = async (run: string) =>
        (await reproducibleRows(join(folder, run))) as { loss?: number; allKeptShare?: number }[]
      const [one, two] = [await rows('one'), await rows('two')]
      expect(two).toHaveLength(one.length)
      for (const [index, row] of one.entries()) {
        expect(two[index]?.loss ?? 0).toBeCloseTo(row.loss ?? 0, 5)
        expect(two[index]?.allKeptShare).toBe(row.allKeptShare)
      }
      expect(await largestDifference('one', 'two')).toBeLessThan(2e-5)
    },
    LAUNCH_MS,
  )

  it.runIf(IS_SLOW_RUN)(
    'gives the running statistics of one process, to float32 rounding',
    async () => {
      const file = join(__dirname, '..', 'support', 'batch_norm_network.py')
      const optimisation = { ...HALVES, layerDecay: 1, imagesPerUpdate: 400, imagesPerMicroBatch: 100 }
      const changes = { classifier: { source: 'python', file, factory: 'network' } as const, optimisation }
      const { exitCode, printed } = await inTwo(join(folder, 'norm-two'), { changes }).ended
      expect({ exitCode, printed }).toMatchObject({ exitCode: 0 })
      await using session = await connectForTest()
      const run = { ...shortRun(join(folder, 'norm-one')), ...changes }
      await finetune(session, run, { evaluationImages: 40 })
      expect(await largestDifference('norm-one', 'norm-two')).toBeLessThan(2e-5)
    },
    LAUNCH_MS,
  )

  it(
    'refuses ranks that have other data, weights or settings, before the run begins',
    async () => {
      const classifier = join(folder, 'classifier')
      await cp(CLASSIFIER, classifier, { recursive: true })
      const weights = await readFile(join(classifier, 'model.safetensors'))
      weights.writeUInt8((weights.at(-2) ?? 0) ^ 1, weights.length - 2)
      await writeFile(join(classifier, 'model.safetensors'), weights)
      const differences = casesOf<[object, RegExp]>(
        [
          [
            { classifier: { ...shortRun('x').classifier, path: classifier } },
            /Rank 0 and rank 1 have other weights:\n.*sha256.* on rank 0, .* on rank 1/,
          ],
        ],
        [
          [
            { data: { source: 'digits', heldOut: 'validation' } },
            /Rank 0 and rank 1 have other data:\n.*train: number of images: 1200 on rank 0, 1000 on rank 1/,
          ],
          [{ seed: 1 }, /Rank 0 and rank 1 have other settings:\n {2}seed: 0 on rank 0, 1 on rank 1\n/],
        ],
      )
      for (const [position, [ofRank1, message]] of differences.entries()) {
        const run = join(folder, `other-${position}`)
        const { exitCode, printed } = await inTwo(run, { ofRank1 }).ended
        expect(exitCode).not.toBe(0)
        expect(printed).toMatch(message)
        expect(printed).not.toContain('"stepsDone"')
        await expect(readFile(join(run, 'config.json'))).rejects.toThrow(/ENOENT/)
      }
    },
    LAUNCH_MS,
  )

  /** Kills Python and Node of rank 1 in turn, until the run is at its end; returns after how many kills it was started again. */
  async function killRank1(
    launched: Launched,
    { most, first }: { readonly most: number; readonly first: 'python' | 'node' },
  ): Promise<number> {
    let isEnded = false
    void launched.ended.finally(() => {
      isEnded = true
    })
    const starts = () => launched.printed().split('"stepsDone":').slice(1)
    const isOver = () => isEnded || launched.printed().includes('"step":20}')
    for (let kill = 0; kill < most && !isOver(); kill += 1) {
      // The first one comes after the first checkpoint.
      const updates = Math.floor(Math.random() * MOST_UPDATES) + (kill === 0 ? 4 : 0)
      const done = () => starts()[kill]?.split('"step":').length ?? 0
      while (done() <= updates && !isOver()) await sleep(5)
      await sleep(Math.random() * MOST_DELAY_MS)
      const [, node, python] =
        [...launched.printed().matchAll(/"rank":1,"node":(\d+),"python":(\d+)/g)].at(-1) ?? []
      if (!isOver()) killIfRunning(Number((kill % 2 === 0) === (first === 'python') ? python : node))
    }
    await launched.ended
    return starts().length - 1
  }

  it(
    'continues from the last checkpoint when a rank is killed and the launcher starts all again',
    async () => {
      let kills = 0
      for (let launches = 0; kills < KILLS; launches += 1) {
        const run = join(folder, `killed-${launches}`)
        const launched = inTwo(run, { options: ['--max-restarts', String(KILLS)] })
        kills += await killRank1(launched, {
          most: KILLS - kills,
          first: kills % 2 === 0 ? 'python' : 'node',
        })
        const { exitCode, printed } = await launched.ended
        expect({ exitCode, printed }).toMatchObject({ exitCode: 0 })
        expect(printed).toMatch(/Rank 1 \(host .*, process \d+\)/)
        expect(printed).toMatch(/"stepsDone":[1-9]/)
        expect(await reproducibleRows(run)).toEqual(await reproducibleRows(join(folder, 'two')))
        expect(await checkpointBytes(run, 'epoch-02')).toEqual(
          await checkpointBytes(join(folder, 'two'), 'epoch-02'),
        )
        const state = JSON.parse(await readFile(join(run, 'state.json'), 'utf8'))
        expect(state).toMatchObject({ state: 'finished' })
      }
    },
    LAUNCH_MS,
  )
})
