import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseUnknownConfig, type RunConfig } from '../../src/config/schema'
import {
  type Experiment,
  type ExperimentOutcome,
  findExperiments,
  makeScale,
  runExperiments,
  type ScaleName,
} from '../../src/experiments'
import {
  logPath,
  memberSeeds,
  type ResolvedArm,
  resolveArms,
  seedFolder,
  softLabelsPath,
} from '../../src/experiments/arms'
import { SYSTEMS } from '../../src/experiments/table1/systems'
import { pairedEnvelopeTable, systemsTable } from '../../src/experiments/table1/tables'
import { tasksOf } from '../../src/experiments/tasks'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import { rowsOf } from '../analysis/rows'
import { connectForTest } from '../support/digits'
import { useForkedPython } from '../support/forked-python'
import { runWithoutPython } from '../support/run-without-python'
import { tinyScale } from '../support/tiny-experiment'

useForkedPython()

const [table1] = findExperiments(['table1']) as [Experiment]

function armsOf(name: ScaleName = 'digits') {
  return resolveArms(table1, { scale: makeScale(name, { output: 'runs/x', data: 'data' }), output: 'runs/x' })
}

describe('table1', () => {
  it('has every system at every noise level of the digits', () => {
    const arms = armsOf()
    expect(arms).toHaveLength(3 * SYSTEMS.length)
    const kinds = arms.filter(({ sigma }) => sigma === 0.5).map(({ config }) => config.method.kind)
    expect(new Set(kinds)).toEqual(
      new Set([
        ...['gaussian', 'stability', 'smooth-adv', 'consistency', 'macer', 'diverse-ensemble', 'smooth-mix'],
        ...['cat-rs', 'denoiser', 'score', 'pixel-dp', 'ft-cadis'],
      ]),
    )
  })

  it('takes settings as they were released, and leaves out what was not', () => {
    const arm = (key: string) => armsOf('cifar10').find(({ arm: { key: own } }) => own === key)?.config
    expect(arm('macer-sigma-0.5')).toMatchObject({
      classifier: { source: 'resnet110' },
      method: { lambda: 4 },
    })
    // So that the images of the paired comparison are the same.
    expect(arm('macer-sigma-0.5')?.certification).toEqual(arm('ft-cadis-sigma-0.5')?.certification)
    expect(armsOf('imagenet').map(({ arm: { key } }) => key)).not.toContain('macer-sigma-0.5')
    expect(armsOf('imagenet').map(({ arm: { key } }) => key)).toContain('macer-sigma-0.25')
  })

  it('has shorter trainings and fewer copies where the scale says so, and other runs', () => {
    const scale = makeScale('mnist', { output: 'runs/x', data: 'data' })
    const smoothAdv = (changes: object) =>
      resolveArms(table1, { scale: { ...scale, ...changes }, output: 'runs/x' }).find(
        ({ arm }) => arm.key === 'smooth-adv-sigma-0.5',
      )
    const [whole, short] = [smoothAdv({}), smoothAdv({ shorten: 10, n: 1000 })]
    expect(whole?.config).toMatchObject({ optimisation: { epochs: 90 }, certification: { n: 100_000 } })
    expect(short?.config).toMatchObject({ optimisation: { epochs: 9 }, certification: { n: 1000 } })
    expect(short?.id).not.toBe(whole?.id)
    expect(smoothAdv({ n: 1000 })?.id).toBe(whole?.id)
  })

  it('shares runs with other experiments, and members of ensembles with single networks', () => {
    const [main] = findExperiments(['main']) as [Experiment]
    const options = { scale: makeScale('digits', { output: 'runs/x' }), output: 'runs/x', seeds: [0, 1] }
    const arm = (key: string) => armsOf().find(({ arm: { key: own } }) => own === key) as never
    const of = resolveArms(main, options).find(({ arm: { key } }) => key === 'ft-cadis-sigma-0.5')
    expect(arm('ft-cadis-sigma-0.5')).toMatchObject({ id: of?.id })
    const [boosting, consistency] = [arm('boosting-sigma-0.5'), arm('consistency-sigma-0.5')]
    expect(memberSeeds(boosting, 1)).toEqual([1, 1001, 2001])
    expect(seedFolder(boosting, 1)).toBe(seedFolder(consistency, 1))
    expect(logPath(boosting, 1)).not.toBe(logPath(consistency, 1))
    const folders = tasksOf([table1, main], options).flatMap(task =>
      task.kind === 'train' ? seedFolder(task.arm, task.seed) : [],
    )
    expect(new Set(folders).size).toBe(folders.length)
    // A noise level and a seed: 14 systems that train, of which ACES shares a run, and two more members of one of them.
    expect(folders).toHaveLength(3 * 2 * (14 - 1 + 2))
  })

  it('certifies systems by their own procedures, whose logs no other arm has', () => {
    const of = new Map(armsOf().map(arm => [arm.arm.key, arm]))
    const arm = (key: string) => of.get(`${key}-sigma-0.5`) as ResolvedArm
    const procedures = ['aces', 'multi-scale', 'pixel-dp'].map(key => arm(key).config.certification.procedure)
    expect(procedures.map(({ kind }) => kind)).toEqual(['aces', 'cascade', 'pixel-dp'])
    expect(procedures[1]).toMatchObject({ sigmas: [0.5, 0.25, 0.125] })
    expect(arm('aces').core).toEqual(arm('ft-cadis').config.classifier)
    expect(seedFolder(arm('aces'), 0)).toBe(seedFolder(arm('consistency'), 0))
    const logs = [...of.values()].map(each => logPath(each, 0))
    expect(new Set(logs).size).toBe(logs.length)
    const others = [...armsOf('cifar10'), ...armsOf('mnist')]
    expect(others.map(({ arm: { key } }) => key)).not.toContain('aces-sigma-0.5')
  })

  it('has eight trials of each system that trains from scratch, on images that are not trained on', () => {
    const [tuning] = findExperiments(['table1-tuning']) as [Experiment]
    const arms = resolveArms(tuning, { scale: makeScale('digits', { output: 'x' }), output: 'x' })
    expect(arms.every(({ config: { data } }) => 'heldOut' in data && data.heldOut === 'validation')).toBe(
      true,
    )
    expect(new Set(arms.map(({ sigma }) => sigma))).toEqual(new Set([0.5]))
    const trials = new Map<string, Set<string>>()
    for (const { arm, id, config } of arms) {
      if (arm.key === tuning.reference) continue
      const { kind } = config.method
      trials.set(kind, new Set([...(trials.get(kind) ?? []), id]))
    }
    expect(arms.map(({ arm: { key } }) => key)).toContain(tuning.reference)
    expect([...trials].map(([kind, ids]) => [kind, ids.size])).toEqual(
      [
        ...['pixel-dp', 'gaussian', 'stability', 'smooth-adv', 'consistency', 'macer', 'diverse-ensemble'],
        ...['smooth-mix', 'cat-rs', 'denoiser', 'score'],
      ].map(kind => [kind, 8]),
    )
  })

  it('is at no scale that it does not name', () => {
    const [main] = findExperiments(['main']) as [Experiment]
    const scale = makeScale('mnist', { output: 'x', data: 'data' })
    expect(() => resolveArms(main, { scale, output: 'x' })).toThrow(
      /main has the scales digits, cifar10, imagenet, got mnist/,
    )
  })

  it('has the form of Table 1, with the numbers of the paper where the data are its', () => {
    const outcome = outcomeOf('cifar10', { gaussian: [0, 0.3], 'ft-cadis': [0.6, 1] })
    const { rows, columns } = systemsTable(outcome)
    expect(columns.map(({ header }) => header).slice(0, 3)).toEqual(['system', 'r = 0.25', 'r = 0.5'])
    expect(rows.map(row => row.slice(0, 3))).toEqual([
      ['Gaussian', { value: 50, clean: 100 }, { value: 0, clean: 100 }],
      ['Gaussian, the paper', { value: 61, clean: 77 }, { value: 43, clean: 66 }],
      ['FT-CADIS', { value: 100, clean: 100 }, { value: 100, clean: 100 }],
      ['FT-CADIS, the paper', { value: 80.3, clean: 88.7 }, { value: 68.4, clean: 88.7 }],
    ])
    const [paired] = pairedEnvelopeTable(outcome)
    expect(paired?.rows.map(row => row.slice(0, 3))).toEqual([
      ['Gaussian', '-50.0 (-100.0 to 0.0)', '-100.0 (-100.0 to -100.0)'],
    ])
  })

  it('compares each system at its own best noise level', () => {
    const outcome = outcomeOf('digits', {
      'gaussian-sigma-0.25': [0.3, 0],
      gaussian: [0.3, 0.6],
      'ft-cadis-sigma-0.25': [0.6, 0.6],
      'ft-cadis': [0, 0],
    })
    const [paired] = pairedEnvelopeTable(outcome)
    const at = paired?.columns.findIndex(({ header }) => header === 'r = 0.25') ?? 0
    expect(paired?.rows[0]?.[at]).toBe('0.0 (0.0 to 0.0)')
    expect(paired?.rows[0]?.[at + 1]).toBe('-50.0 (-100.0 to 0.0)')
  })

  it('is planned by name, without Python, networks or data', async () => {
    const { stdout, stderr, exitCode } = await runWithoutPython(
      ...([tmpdir(), 'experiment', 'table1', '--scale', 'imagenet', '--plan', '--seeds', '1'] as const),
    )
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    for (const { label } of SYSTEMS) expect(stdout).toContain(label)
    expect(stdout).toMatch(/MACER +│ 0\.5 .*not released: method\.noises/)
  })
})

/** Of two images with these radii, by the keys of arms; those of σ = 0.5 need not say it. */
function outcomeOf(name: ScaleName, radii: Readonly<Record<string, [number, number]>>): ExperimentOutcome {
  const scale = makeScale(name, { output: 'x', data: 'data' })
  const arms = resolveArms(table1, { scale, output: 'x' }).flatMap(arm => {
    const own = radii[arm.arm.key] ?? radii[arm.arm.key.replace('-sigma-0.5', '')]
    if (own === undefined) return []
    const logs = [rowsOf([0, 0, own[0]], [1, 1, own[1]])]
    return [{ ...arm, label: arm.arm.label, logs, updates: [], training: undefined }]
  })
  return { experiment: table1, scale, seeds: [0], indices: [0, 1], arms, norm: 'ℓ2', samples: undefined }
}

describe('arms of several networks', () => {
  let folder: string
  let session: Awaited<ReturnType<typeof connectForTest>>
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-table1-'))
    session = await connectForTest()
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  it('are trained and certified as one, every system: ensembles of runs, members, a denoiser, soft labels', async () => {
    const output = join(folder, 'runs')
    const scale = tinyScale(output)
    const systems: Experiment = {
      ...table1,
      arms: () =>
        table1.arms({ ...scale, sigmas: [0.5] }).map(arm => {
          const { softLabels, config = (base: RunConfig) => base } = arm
          return {
            ...arm,
            ...(arm.members === 3 && { members: 2 }),
            ...(softLabels && { softLabels: { ...softLabels, n: 4 } }),
            config: (base: RunConfig) => {
              const { optimisation, ...others } = config(base)
              const shortest = { epochs: 1, warmupEpochs: 0, imagesPerUpdate: 600 }
              return parseUnknownConfig({ ...others, optimisation: { ...optimisation, ...shortest } })
            },
          }
        }),
    }
    const [result] = await runExperiments([systems], { scale, output, seeds: [0], session })
    const arms = new Map(result?.outcome.arms.map(arm => [arm.arm.key.replace('-sigma-0.5', ''), arm]))
    const models = async (key: string) => {
      const log = await readCertificationLog(logPath(arms.get(key) as never, 0))
      return (log.metadata?.configuration.models ?? {}) as Readonly<Record<string, unknown>>
    }
    const others = (of: Readonly<Record<string, unknown>>) => (of.ensemble as { others: unknown[] }).others
    const single = await models('consistency')
    const boosting = await models('boosting')
    const drt = await models('drt')
    expect(boosting).toMatchObject({ checkpoint: single.checkpoint, ensemble: { by: 'logits' } })
    expect(others(boosting)).toHaveLength(1)
    expect(others(boosting)).not.toContainEqual(single.checkpoint)
    expect(others(drt)).toHaveLength(2)
    expect(await models('denoised')).toMatchObject({ checkpoint: null, denoiser: expect.any(Object) })
    expect(await models('aces')).toMatchObject({
      ...{ checkpoint: single.checkpoint, aces: { core: expect.any(Object) } },
    })
    const kinds = await Promise.all(
      ['aces', 'multi-scale', 'pixel-dp'].map(async key => {
        const log = await readCertificationLog(logPath(arms.get(key) as never, 0))
        return (log.metadata?.configuration.procedure as { kind?: unknown } | undefined)?.kind
      }),
    )
    expect(kinds).toEqual(['aces', 'cascade', 'pixel-dp'])
    const { softLabels } = arms.get('cat-rs') ?? {}
    expect(softLabels && softLabelsPath(softLabels, 0)).toMatch(/soft-labels-4\.jsonl$/)
    // Networks of 3 members, 2 runs, and the DnCNN alone.
    const trainable = Object.fromEntries(
      [...arms].map(([key, { training }]) => [key, training?.trainableParameters]),
    )
    expect(trainable.drt).toBe(3 * (trainable.consistency ?? 0))
    expect(trainable.denoised).toBeLessThan(60_000)
    const cost = result?.tables.find(({ caption }) => caption?.startsWith('What a system takes'))
    expect(cost?.rows.find(([label]) => String(label).startsWith('Boosting'))?.[1]).toBe(
      2 * (trainable.consistency ?? 0),
    )
    // At most three noise levels; the selector of ACES sees the copies of its network.
    const copies = new Map(cost?.rows.map(row => [row[0], row[4]]))
    expect(copies.get('ACES (of Consistency)')).toBe(copies.get('Gaussian'))
    expect(copies.get('Multi-scale Denoised')).toBeGreaterThanOrEqual(80)
    // All is done: nothing is run again.
    const done: string[] = []
    await runExperiments([systems], {
      ...{ scale, output, seeds: [0], session },
      onTask: task => done.push(task.kind),
    })
    expect(done).toEqual([])
  }, 300_000)
})
