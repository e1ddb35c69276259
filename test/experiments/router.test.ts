import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig, type RunConfig, type RunConfigInput } from '../../src/config/schema'
import { makeScale, runExperiments, type Scale, type TaskOptions } from '../../src/experiments'
import { resolveArms } from '../../src/experiments/arms'
import type { Experiment } from '../../src/experiments/definition'
import { router } from '../../src/experiments/router'
import { stateOf, tasksOf } from '../../src/experiments/tasks'
import { connectForTest } from '../support/digits'
import { useForkedPython } from '../support/forked-python'

useForkedPython()

const IMAGES = 6

/** A noise level, an epoch of few large updates, few votes. */
function tiny(scale: Scale): Scale {
  const short = (config: RunConfig) =>
    parseConfig({
      ...config,
      optimisation: { ...config.optimisation, epochs: 1, warmupEpochs: 0, imagesPerUpdate: 600 },
      certification: { ...config.certification, n0: 16, n: 100 },
    } as RunConfigInput)
  return { ...scale, sigmas: [0.5], base: (sigma, options) => short(scale.base(sigma, options)) }
}

/** The experiment, whose router learns from few votes. */
const experiment: Experiment = {
  ...router,
  arms: scale =>
    router.arms(scale).map(arm => ({ ...arm, ...(arm.router && { router: { ...arm.router, n: 16 } }) })),
}

describe('the experiment router', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-router-experiment-'))
  })
  afterAll(() => rm(folder, { recursive: true }))
  const options = (): TaskOptions => {
    const output = join(folder, 'runs')
    return { scale: tiny(makeScale('digits', { output })), output, seeds: [0], testImages: IMAGES }
  }

  it('has an arm for each noise level, and a router that is certified with all of them', () => {
    const output = join(folder, 'runs')
    const whole = { scale: makeScale('digits', { output }), output, seeds: [0] }
    const arms = resolveArms(router, whole)
    expect(arms.map(({ arm }) => arm.key)).toEqual([
      'ft-cadis-sigma-0.25',
      'ft-cadis-sigma-0.5',
      'ft-cadis-sigma-0.75',
      'router',
    ])
    expect(arms.map(({ config }) => config.certification.images)).toEqual(['all', 'all', 'all', 'all'])
    const { router: routed, config } = arms.at(-1) ?? {}
    expect(routed?.procedure).toEqual({
      kind: 'router',
      sigma: 0.75,
      sigmas: [0.25, 0.5, 0.75],
      agreement: 0.25,
    })
    expect(config?.classifier.numClasses).toBe(3)
    const broken = (of: readonly string[]): Experiment => ({
      ...router,
      arms: scale =>
        router.arms(scale).map(arm => ({ ...arm, ...(arm.router && { router: { ...arm.router, of } }) })),
    })
    expect(() => resolveArms(broken(['ft-cadis-sigma-0.5', 'ft-cadis-sigma-0.25']), whole)).toThrow(
      /0.5, 0.25, expected at least two/,
    )
    expect(() => resolveArms(broken(['ft-cadis-sigma-0.5', 'router']), whole)).toThrow(
      /takes soft labels of router/,
    )
  })

  it('trains, certifies and compares, and is done when it is asked again', async () => {
    await using session = await connectForTest()
    const [result] = await runExperiments([experiment], { ...options(), session })
    const [best, choices] = result?.tables ?? []
    expect(best?.rows).toHaveLength(4)
    expect(best?.rows.map(([radius]) => radius)).toEqual(['0', '0.25', '0.5', '0.75'])
    const [, small, large] = (choices?.rows[0] ?? []).map(Number)
    expect((small ?? 0) + (large ?? 0)).toBeCloseTo(100, 9)
    const states = await Promise.all(tasksOf([experiment], options()).map(task => stateOf(task, options())))
    expect(new Set(states)).toEqual(new Set(['done']))
  }, 300_000)
})
