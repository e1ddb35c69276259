import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, defineHook } from '../../src'
import { paperTable } from '../../src/analysis/paper-tables'
import { fieldDifferences } from '../../src/config/differences'
import {
  EXPERIMENTS,
  type Experiment,
  findExperiments,
  makeScale,
  PAPER_EXPERIMENTS,
  arms as ready,
  type ScaleName,
} from '../../src/experiments'
import { distinctArms, logPath, resolveArms, scalesOf } from '../../src/experiments/arms'
import { pairedReference } from '../../src/experiments/result-tables'
import { tasksOf } from '../../src/experiments/tasks'

const FILES = { denoiser: 'denoiser.pt', data: 'data', resnet110: 'resnet.pt' }

function resolve(
  name: string,
  scaleName: ScaleName = 'digits',
  { output = 'runs/x', testImages = undefined as number | undefined } = {},
) {
  const [experiment] = findExperiments([name]) as [Experiment]
  const scale = makeScale(scaleName, { output, ...FILES })
  return resolveArms(experiment, { scale, output, testImages })
}

function arm(of: readonly ReturnType<typeof resolve>[number][], key: string) {
  const found = of.find(one => one.arm.key === key)
  if (found === undefined) throw new Error(`no arm ${key}`)
  return found
}

const runnable = EXPERIMENTS.flatMap(experiment =>
  scalesOf(experiment).map(scale => ({
    name: experiment.name,
    experiment,
    scale,
  })),
)

describe('experiments', () => {
  it.each(runnable)('$name makes sense at the scale $scale', ({ name, scale, experiment }) => {
    const arms = resolve(name, scale)
    expect(arms.length).toBeGreaterThan(1)
    for (const { arm, isTrained, config, sigma } of arms) {
      expect(arm.key).toMatch(/^[a-z0-9.-]+$/)
      expect(config.smoothing.sigma).toBe(sigma)
      expect(isTrained).toBe(!/off-the-shelf|multi-scale/.test(arm.key))
      if (arm.paper) expect(paperTable(arm.paper.table).rows[arm.paper.row]).toBeDefined()
      // Every arm is compared with one of its noise level, or is that one.
      if (scale !== 'mnist') expect(pairedReference(experiment, arms, { arm, sigma })).toBeDefined()
    }
  })

  it('certify the same networks in several ways: each is an arm, with its own log and its own task', () => {
    for (const name of ['l1', 'sound', 'purify']) {
      const [experiment] = findExperiments([name]) as [Experiment]
      const scale = makeScale('digits', { output: 'runs/x' })
      const own = resolve(name)
      expect(distinctArms(own)).toEqual(own)
      expect(new Set(own.map(one => logPath(one, 0))).size).toBe(own.length)
      const certified = tasksOf([experiment], { scale, output: 'runs/x', seeds: [0] }).flatMap(task =>
        task.kind === 'certify' ? [task.arms.map(one => one.arm.key)] : [],
      )
      expect(certified).toEqual(own.map(one => [one.arm.key]))
    }
  })

  it('are found by name, each once', () => {
    expect(findExperiments(['all', 'objective'])).toEqual(PAPER_EXPERIMENTS)
    expect(() => findExperiments(['objectives'])).toThrow(
      /Unknown experiment "objectives", expected main, objective,/,
    )
  })

  it.each([
    ['objective', 'without-selection', { crossEntropy: 'all' }],
    ['objective', 'without-mask', { adversarial: 'all' }],
    ['objective', 'cross-entropy', { crossEntropy: 'all', adversarial: 'none' }],
    ['adversarial', 'hard-target', { adversarialTarget: 'hard' }],
    ['adversarial', 'mean', { adversarialReduction: 'mean' }],
    ['lambda', 'lambda-8', { lambda: 8 }],
    ['noises', 'noises-1', { noises: 1 }],
  ])('%s: %s differs from FT-CADIS in that alone', (name, key, change) => {
    const plain = arm(resolve('objective'), 'ft-cadis').config
    const changed = arm(resolve(name), key).config
    expect(fieldDifferences(plain, changed)).toEqual(
      Object.entries(change).map(([field, after]) => ({
        field: `method.${field}`,
        before: plain.method[field as keyof typeof plain.method],
        after,
      })),
    )
  })

  it('follow the rows of the paper', () => {
    const labels = (name: string) =>
      resolve(name).map(({ arm: { label, paper } }) => [
        label,
        paper && paperTable(paper.table).rows[paper.row]?.label,
      ])
    expect(labels('lambda')).toEqual([0.5, 1, 2, 4, 8].map(value => [`λ = ${value}`, `λ = ${value}`]))
    expect(labels('noises')).toEqual([1, 2, 4, 8].map(value => [`M = ${value}`, `M = ${value}`]))
    expect(labels('update')[0]).toEqual(['FT-CADIS, σ = 0.25', 'σ = 0.25, update of D_nh = true'])
    expect(labels('update')[5]).toEqual(['D_nh fixed, σ = 0.75', 'σ = 1, update of D_nh = false'])
  })

  it('have the shorter schedule on CIFAR-10 where the paper has', () => {
    const epochs = (name: string) => resolve(name, 'cifar10').map(({ config }) => config.optimisation.epochs)
    expect(new Set(epochs('objective'))).toEqual(new Set([20]))
    expect(new Set(epochs('main'))).toEqual(new Set([30]))
    expect(resolve('objective', 'cifar10')[0]?.sigma).toBe(1)
    expect(resolve('adversarial', 'cifar10')[0]?.sigma).toBe(0.5)
  })
})

describe('runs', () => {
  it('are shared by arms of one configuration, whatever these are called', () => {
    const id = arm(resolve('objective'), 'ft-cadis').id
    expect(arm(resolve('lambda'), 'lambda-4').id).toBe(id)
    expect(arm(resolve('noises'), 'noises-4').id).toBe(id)
    expect(arm(resolve('main'), 'ft-cadis-sigma-0.75').id).toBe(id)
    expect(arm(resolve('lambda'), 'lambda-2').id).not.toBe(id)
    expect(arm(resolve('main'), 'ft-cadis-sigma-0.5').id).not.toBe(id)
    const shelf = arm(resolve('cost'), 'off-the-shelf').id
    expect(arm(resolve('baselines'), 'off-the-shelf-sigma-0.75').id).toBe(shelf)
    expect(arm(resolve('baselines'), 'off-the-shelf-sigma-0.5').id).not.toBe(shelf)
  })

  it('stay the same when more images are certified', () => {
    const few = resolve('objective', 'digits', { testImages: 7 })
    expect(few.map(({ id }) => id)).toEqual(resolve('objective').map(({ id }) => id))
    expect(few[0]?.config.certification.images).toEqual({ first: 7 })
  })

  it('have a log for each certification, which more images make longer', () => {
    const plain = arm(resolve('objective'), 'ft-cadis')
    const certified = (change: object) => {
      const { config } = plain
      return logPath(
        { ...plain, config: { ...config, certification: { ...config.certification, ...change } } },
        3,
      )
    }
    const log = certified({})
    expect(log).toBe(join(plain.folder, 'seed-3', 'certify-n0-100-n-1000-alpha-0.001.tsv'))
    // These decide no row, or are in the path.
    for (const change of [{ images: { first: 7 } }, { batch: 3 }, { seed: 9 }])
      expect(certified(change)).toBe(log)
    const changes = [
      ...[{ adaptive: { radii: [0] } }, { adaptive: { radii: [0, 1] } }, { dtype: 'float16' }],
      ...[{ radiusSigma: 'min' }, { autocast: 'bfloat16' }, { tf32: true }, { compile: true }],
      ...[{ familyWise: true }, { familyWise: true, images: { first: 7 } }, { n: 10 }, { alpha: 0.01 }],
    ]
    expect(new Set([log, ...changes.map(certified)]).size).toBe(1 + changes.length)
  })

  it("are of an arm alone where it has decisions of the caller's own", () => {
    const rule = () => ({ weights: [], attacked: [], keptCounts: [] })
    const experiment: Experiment = {
      ...(findExperiments(['objective'])[0] as Experiment),
      arms: () => [
        ready.ftCadis(),
        { key: 'mine', label: 'mine', hooks: { rule } },
        { key: 'other', label: 'o', hooks: { rule } },
      ],
    }
    const output = 'runs/x'
    const ids = resolveArms(experiment, { scale: makeScale('digits', { output }), output }).map(
      ({ id }) => id,
    )
    expect(new Set(ids).size).toBe(3)
  })

  it('are of what its functions are called and given, whatever arm they belong to', () => {
    const rule = (threshold: number) =>
      defineHook({
        ...{ name: 'right', parameters: { threshold } },
        make: () => () => ({ weights: [], attacked: [], keptCounts: [] }),
      })
    const experiment: Experiment = {
      ...(findExperiments(['objective'])[0] as Experiment),
      arms: () => [
        { key: 'mine', label: 'mine', hooks: { rule: rule(0.8) } },
        { key: 'same', label: 's', hooks: { rule: rule(0.8) } },
        { key: 'other', label: 'o', hooks: { rule: rule(0.9) } },
      ],
    }
    const output = 'runs/x'
    const arms = resolveArms(experiment, { scale: makeScale('digits', { output }), output })
    expect(arms[1]?.id).toBe(arms[0]?.id)
    expect(arms[2]?.id).not.toBe(arms[0]?.id)
  })

  it('of two arms with one key are refused', () => {
    const experiment: Experiment = {
      ...(findExperiments(['objective'])[0] as Experiment),
      arms: () => [ready.ftCadis(), ready.ftCadis()],
    }
    const scale = makeScale('digits', { output: 'x' })
    expect(() => resolveArms(experiment, { scale, output: 'x' })).toThrow(ConfigError)
  })

  it('of a scale whose files are not given are refused', () => {
    expect(() => makeScale('cifar10', { output: 'x', denoiser: 'f' })).toThrow(
      'The scale cifar10 needs data, which nothing names. Give --data.',
    )
    const scale = makeScale('cifar10', { output: 'x', data: 'd', denoiser: 'f' })
    const [classifiers] = findExperiments(['classifiers']) as [Experiment]
    expect(() => resolveArms(classifiers, { scale, output: join('x') })).toThrow(/--resnet110/)
  })
})
