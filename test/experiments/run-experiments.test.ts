import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ablations, InterruptedError, type Session } from '../../src'
import { readCertificationLog } from '../../src/analysis'
import { runExperimentCommand } from '../../src/cli/run-experiment'
import {
  type Arm,
  type Experiment,
  findExperiments,
  runExperiments,
  type Scale,
  type Task,
} from '../../src/experiments'
import { logPath, resolveArms, seedFolder } from '../../src/experiments/arms'
import { readOutcome } from '../../src/experiments/outcome'
import { planExperiments } from '../../src/experiments/plan'
import { runTasks } from '../../src/experiments/run-tasks'
import { stateOf, tasksOf } from '../../src/experiments/tasks'
import { testImagesOf } from '../../src/experiments/test-images'
import { lock } from '../../src/files/lock'
import { connectForTest } from '../support/digits'
import { useForkedPython } from '../support/forked-python'
import { runProgram } from '../support/run-example'
import { objective, tinyScale } from '../support/tiny-experiment'

useForkedPython()

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

  it('continue where they were interrupted, and share what is done', async () => {
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
    // The folder of an arm has a hash in its name: by its key it is found all the same.
    const log = join('arms', 'cross-entropy', 'seed-0', 'certify-n0-16-n-64-alpha-0.001.tsv')
    expect((await readCertificationLog(join(folder, 'parts', 'first', log))).rows).toHaveLength(4)
    const tables = await read('tables.md')
    expect(tables).toContain('Seeds 0; 4 test images. Not the paper')
    expect(tables).toMatch(/\| FT-CADIS +\| .*0\.784 \|.* 48\.1 \|/)
    expect(await read('plot.svg')).toMatch(/^<svg /)
    const page = await read('experiment.html')
    expect(page).toContain('<dt>test images</dt><dd>4</dd>')
    expect(page).toContain('0.784')
    const drawn = await readFile(join(folder, 'parts', 'second', 'experiment.html'), 'utf8')
    expect(drawn.match(/class="tiny (kept|hallucinated)"/g)).toHaveLength(2 * 10 * 6)
  })

  it('are not done where a log is of other weights or data, and refuse to average it', async () => {
    const output = join(folder, 'parts')
    const options = { scale: tinyScale(output), output, seeds: [0] }
    const task = tasksOf([objective], options).find(({ kind }) => kind === 'certify') as Task
    const [arm] = resolveArms(objective, options)
    const path = `${logPath(arm as NonNullable<typeof arm>, 0)}.json`
    const text = await readFile(path, 'utf8')
    const { configuration, ...others } = JSON.parse(text)
    const { models, data } = configuration
    expect(Object.keys(models.checkpoint)).toContain('model.safetensors')
    const changes = [
      { models: { ...models, checkpoint: { 'model.safetensors': 'other' } } },
      { data: { ...data, classNames: [...data.classNames].reverse() } },
      { data: { ...data, digest: 'other' } },
    ]
    const states: string[] = [await stateOf(task, options)]
    for (const change of changes) {
      await writeFile(path, JSON.stringify({ ...others, configuration: { ...configuration, ...change } }))
      states.push(await stateOf(task, options))
    }
    await expect(readOutcome(objective, options)).rejects.toThrow(/must be of the same images.*digest/s)
    await writeFile(
      path,
      JSON.stringify({ ...others, configuration: { ...configuration, models: undefined } }),
    )
    states.push(await stateOf(task, options))
    await writeFile(path, text)
    // A log of an earlier version says nothing of its networks.
    expect(states).toEqual(['done', 'ready', 'ready', 'ready', 'done'])
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
    // Fewer than there are leave no work, which is not an error.
    const [four] = await runExperiments([objective], { ...options, testImages: 4 })
    expect(four?.outcome.arms[0]?.logs[0]).toHaveLength(4)
  })

  it('prepare a network and choose test images once', async () => {
    const output = join(folder, 'prepared')
    const scale = tinyScale(output)
    const network = join(output, 'networks', 'made')
    let made = 0
    const prepare = async () => {
      made += 1
      await mkdir(network, { recursive: true })
    }
    const [arm] = resolveArms(objective, { scale, output })
    if (arm === undefined) throw new Error('no arm')
    const { config } = arm
    const certification = { ...config.certification, images: { random: 5 } }
    const drawing = { ...arm, config: { ...config, certification } }
    const tasks: Task[] = [
      { kind: 'prepare', preparation: { label: 'a network', folder: network, prepare } },
      { kind: 'choose', arm: drawing, output },
    ]
    expect(await testImagesOf(drawing, output)).toBeUndefined()
    for (let time = 0; time < 2; time += 1) await runTasks(tasks, { scale, session })
    expect(made).toBe(1)
    const chosen = await testImagesOf(drawing, output)
    expect(new Set(chosen).size).toBe(5)
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
    const held = await lock(path, 'run')
    expect(await states()).toEqual(['done', 'busy', 'ready', 'blocked'])
    await held.release()
    expect(await states()).toEqual(['done', 'ready', 'ready', 'blocked'])
  })

  it('are planned by what is left, with times that are measured', async () => {
    // It has its own Python, and a process has one at a time.
    await session.close()
    const output = join(folder, 'parts')
    const noMask: Arm = { key: 'no-mask', label: 'no mask', config: ablations.table5.withoutMask }
    const larger = { ...objective, arms: () => [...objective.arms(tinyScale(output)), noMask] }
    const { table, leftMs } = await planExperiments([larger], {
      ...{ scale: tinyScale(output), output, seeds: [0, 1], testImages: 4, device: 'cpu', threads: 1 },
    })
    expect(table.rows).toEqual([
      ['FT-CADIS', 0.75, 3, expect.any(Number), 1, 4, expect.any(Number)],
      ['cross-entropy (Eq. 6)', 0.75, 3, expect.any(Number), 1, 4, expect.any(Number)],
      ['off-the-shelf', 0.75, 0, 0, 0, 4, expect.any(Number)],
      ['no mask', 0.75, 3, expect.any(Number), 2, 8, expect.any(Number)],
      ['denoising the test images', null, null, null, null, null, expect.any(Number)],
    ])
    const minutes = table.rows.map(row => row.at(-1) as number)
    expect(minutes.reduce((sum, value) => sum + value)).toBeCloseTo((leftMs as number) / 60_000, 9)
    // Two trainings of three updates, by an update that was measured.
    const [updateMs, ofArm] = [table.rows[3]?.[3] as number, minutes[3] as number]
    expect(updateMs).toBeGreaterThan(0)
    expect(ofArm * 60_000).toBeGreaterThanOrEqual(6 * updateMs)
  }, 240_000)

  it('are planned where nothing is there, also a network that the run itself makes', async () => {
    await session.close()
    const output = join(folder, 'nothing yet')
    const [classifiers] = findExperiments(['classifiers'])
    if (classifiers === undefined) throw new Error('no experiment')
    const options = { scale: tinyScale(output), output, seeds: [0], device: 'cpu', threads: 1 }
    const some = expect.any(Number)
    const { table, leftMs } = await planExperiments([classifiers], options)
    expect(table.rows).toEqual([
      ['made first: small ResNet on clean digits', null, null, null, null, null, null],
      ['small ResNet in place of ResNet-110, FT-CADIS', 0.75, 3, some, 1, 4, some],
      ['small ResNet in place of ResNet-110, off-the-shelf', 0.75, 0, 0, 0, 4, some],
      ['ViT, FT-CADIS', 0.75, 3, some, 1, 4, some],
      ['ViT, off-the-shelf', 0.75, 0, 0, 0, 4, some],
      ['denoising the test images', null, null, null, null, null, some],
    ])
    expect(leftMs).toBeGreaterThan(0)

    const convolutional = {
      ...classifiers,
      arms: (scale: Scale) => classifiers.arms(scale).filter(({ key }) => key.startsWith('convolutional')),
    }
    const unmeasured = await planExperiments([convolutional], options)
    expect(unmeasured.table.rows.slice(1)).toEqual([
      ['small ResNet in place of ResNet-110, FT-CADIS', 0.75, 3, null, 1, 4, null],
      ['small ResNet in place of ResNet-110, off-the-shelf', 0.75, 0, 0, 0, 4, null],
      ['denoising the test images', null, null, null, null, null, null],
    ])
    expect(unmeasured.leftMs).toBeNull()
    await expect(stat(output)).rejects.toThrow(/ENOENT/)
  }, 240_000)

  it('are run by a command, which says what it does and prints the tables', async () => {
    await session.close()
    const output = join(folder, 'parts')
    const lines: string[] = []
    const said = vi.spyOn(console, 'error').mockImplementation(line => void lines.push(line))
    const printed = vi.spyOn(console, 'log').mockImplementation(line => void lines.push(line))
    try {
      await runExperimentCommand([objective], {
        ...{ scale: tinyScale(output), output, seeds: 1, testImages: 7, workers: 1 },
        ...{ device: 'cpu', threads: 1 },
      })
    } finally {
      said.mockRestore()
      printed.mockRestore()
    }
    expect(lines[0]).toMatch(/^\[4\/4\] certifying 3 arms, σ = 0\.75, seed 0: \d+ s$/)
    expect(lines.join('\n')).toMatch(/ FT-CADIS [\s\S]*page: .*experiment\.html\n+Not the paper's/)
  }, 240_000)

  it('are left by all processes of a command when nothing is left to do', async () => {
    const program = join('test', 'support', 'experiment-program.ts')
    const { exitCode, stdout, stderr } = await runProgram(program, join(folder, 'parts'), '7', '2')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toContain('7 images')
  }, 240_000)
})

function nameOf(task: Task): string {
  if (task.kind === 'train') return `train ${task.arm.arm.key} ${task.seed}`
  if (task.kind === 'certify') return `certify ${task.arms.map(({ arm }) => arm.key).join(', ')} ${task.seed}`
  return task.kind === 'draw' ? `draw ${task.experiment.name}` : task.kind
}
