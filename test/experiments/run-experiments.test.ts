import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ablations,
  arms,
  type Experiment,
  InterruptedError,
  makeScale,
  parseConfig,
  readCertificationLog,
  runExperiments,
  type Scale,
  type Session,
  type Task,
} from '../../src'
import { logPath, resolveArms, seedFolder } from '../../src/experiments/arms'
import { stateOf, tasksOf } from '../../src/experiments/tasks'
import { lock } from '../../src/files/lock'
import { connectForTest } from '../support/digits'

/** The digits with three updates of 400 images and few votes. */
function tinyScale(output: string): Scale {
  const digits = makeScale('digits', { output })
  return {
    ...digits,
    base: (sigma, options) => {
      const config = digits.base(sigma, options)
      const { attack } = config.method
      return parseConfig({
        ...config,
        method: { ...config.method, noises: 1, attack: { ...attack, steps: 1 } },
        optimisation: { ...config.optimisation, epochs: 1, warmupEpochs: 0, imagesPerUpdate: 400 },
        certification: { ...config.certification, n0: 16, n: 64, images: { first: 4 } },
      })
    },
  }
}

const objective: Experiment = {
  ...{
    name: 'first',
    title: 'First',
    source: 'Table 5',
    varies: 'the loss',
    heldEqual: 'all else',
    findings: [],
  },
  sigma: 0.5,
  arms: () => [
    arms.ftCadis({ table: 'table5_cifar10_sigma1.00_objective', row: 0 }),
    arms.crossEntropy(),
    arms.offTheShelf(),
  ],
  reference: 'ft-cadis',
}

/** Shares its first arm with the other. */
const other: Experiment = {
  ...objective,
  name: 'second',
  arms: () => [
    { key: 'same', label: 'the same' },
    { key: 'fixed', label: 'fixed', config: ablations.table6.withoutUpdate },
  ],
  reference: 'same',
  showsImages: true,
}

describe('experiments', () => {
  let folder: string
  let session: Session
  const done: string[] = []

  function run(experiments: readonly Experiment[], name: string, signal?: AbortSignal) {
    const output = join(folder, name)
    done.length = 0
    return runExperiments(experiments, {
      ...{ scale: tinyScale(output), output, seeds: [0], session, signal },
      onTask: task => done.push(nameOf(task)),
    })
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-experiments-'))
    session = await connectForTest()
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  it('go on where they were interrupted, and share what is done', async () => {
    const controller = new AbortController()
    const output = join(folder, 'parts')
    const options = { scale: tinyScale(output), output, seeds: [0], session }
    const stopped = runExperiments([objective], {
      ...options,
      signal: controller.signal,
      onTask: task => nameOf(task) === 'train cross-entropy 0' && controller.abort('SIGINT'),
    })
    await expect(stopped).rejects.toThrow(InterruptedError)

    const [first] = await run([objective], 'parts')
    expect(done).toEqual(['train cross-entropy 0', 'certify ft-cadis, cross-entropy, off-the-shelf 0'])
    const [arm] = resolveArms(objective, options)
    const log = logPath(arm as NonNullable<typeof arm>, 0)
    const written = (await stat(log)).mtimeMs

    // One arm of the other experiment is there already, the images are certified for its second arm alone.
    const [, second] = await run([objective, other], 'parts')
    expect(done).toEqual([
      'train fixed 0',
      'certify ft-cadis, cross-entropy, off-the-shelf, fixed 0',
      'draw second',
    ])
    expect((await stat(log)).mtimeMs).toBe(written)
    expect(second?.outcome.arms[0]?.logs).toEqual(first?.outcome.arms[0]?.logs)

    // Nothing is left to do.
    await run([objective, other], 'parts')
    expect(done).toEqual([])
  }, 240_000)

  it('leave result, tables, plot and page', async () => {
    const read = (name: string) => readFile(join(folder, 'parts', 'first', name), 'utf8')
    const result = JSON.parse(await read('result.json'))
    expect(
      result.arms.map(({ key, trainableParameters }: Record<string, unknown>) => [key, trainableParameters]),
    ).toEqual([
      ['ft-cadis', 202_186],
      ['cross-entropy', 202_186],
      ['off-the-shelf', undefined],
    ])
    expect(result.paired.map(({ arm, minus }: Record<string, unknown>) => [arm, minus])).toEqual([
      ['cross-entropy', 'ft-cadis'],
      ['off-the-shelf', 'ft-cadis'],
    ])
    const tables = await read('tables.md')
    expect(tables).toContain('Seeds 0; 4 test images. Not the paper')
    expect(tables).toMatch(/\| FT-CADIS +\| .*0\.784 \|.* 48\.1 \|/)
    expect(await read('plot.svg')).toMatch(/^<svg /)
    const page = await read('experiment.html')
    expect(page).toContain('1 seed (0); 4 test images, n0 = 16, n = 64, α = 0.001.')
    expect(page).toContain('0.784')
    const drawn = await readFile(join(folder, 'parts', 'second', 'experiment.html'), 'utf8')
    expect(drawn.match(/class="tiny (kept|hallucinated)"/g)).toHaveLength(2 * 10 * 6)
  })

  it('certify further images without the first ones again', async () => {
    const output = join(folder, 'parts')
    const scale = tinyScale(output)
    const options = { scale, output, seeds: [0], testImages: 6, session }
    const [result] = await runExperiments([objective], options)
    expect(result?.outcome.indices).toEqual([0, 1, 2, 3, 4, 5])
    const fewer = resolveArms(objective, options)[0]
    if (fewer === undefined) throw new Error('no arm')
    expect((await readCertificationLog(logPath(fewer, 0))).rows).toHaveLength(6)
    // Fewer than there are is no work, and no error.
    const [four] = await runExperiments([objective], { ...options, testImages: 4 })
    expect(four?.outcome.arms[0]?.logs[0]).toHaveLength(4)
  })

  it('leave alone what another process is at', async () => {
    const output = join(folder, 'busy')
    const options = { scale: tinyScale(output), output, seeds: [0] }
    const [arm] = resolveArms(objective, options)
    if (arm === undefined) throw new Error('no arm')
    const tasks = tasksOf([objective], options)
    const states = () => Promise.all(tasks.map(task => stateOf(task, options)))
    expect(await states()).toEqual(['done', 'ready', 'ready', 'blocked'])
    const path = join(seedFolder(arm, 0), 'run.lock')
    await mkdir(dirname(path), { recursive: true })
    const unlock = await lock(path, 'run')
    expect(await states()).toEqual(['done', 'busy', 'ready', 'blocked'])
    await unlock()
    expect(await states()).toEqual(['done', 'ready', 'ready', 'blocked'])
  })
})

function nameOf(task: Task): string {
  if (task.kind === 'train') return `train ${task.arm.arm.key} ${task.seed}`
  if (task.kind === 'certify') return `certify ${task.arms.map(({ arm }) => arm.key).join(', ')} ${task.seed}`
  return task.kind === 'draw' ? `draw ${task.experiment.name}` : task.kind
}
