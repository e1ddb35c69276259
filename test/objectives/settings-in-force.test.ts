import { describe, expect, it } from 'vitest'
import { catRs, consistency, macer, rampFactor, smoothAdv, smoothMix } from '../../src/internal'
import { maximizedImages } from '../../src/objectives/macer'
import type { Place } from '../../src/objectives/place'

const at = (epoch: number): Place => ({
  ...{ epoch, update: 1, updatesPerEpoch: 1, epochs: 20, step: epoch, steps: 20 },
  epochsDone: epoch - 1,
})

describe('a ramp', () => {
  it('begins with 1/w and ends with 1', () => {
    const factors = [1, 2, 10, 11].map(epoch => rampFactor(epoch, { rampEpochs: 10 }))
    expect(factors).toEqual([0.1, 0.2, 1, 1])
    expect(rampFactor(1, { rampEpochs: 1 })).toBe(1)
  })

  it('moves the radius of SmoothAdv and of Consistency', () => {
    const attacked = smoothAdv.settings.parse({
      ...{ kind: 'smooth-adv', noises: 2, rampEpochs: 4 },
      attack: { kind: 'ddn', steps: 2, epsilon: 2 },
    })
    expect([1, 3, 9].map(epoch => smoothAdv.at?.(at(epoch), attacked).attack.epsilon)).toEqual([0.5, 1.5, 2])
    const consistent = consistency.settings.parse({
      ...{ kind: 'consistency', lambda: 1 },
      attack: { steps: 2, epsilon: 2, rampEpochs: 4 },
    })
    expect(consistency.at?.(at(3), consistent).attack?.epsilon).toBe(1.5)
  })

  it('moves the weight of SmoothMix and the radius of its clean side', () => {
    const mixed = smoothMix.settings.parse({
      ...{ kind: 'smooth-mix', eta: 5, mixStep: 1, rampEpochs: 10 },
      attack: { steps: 4, stepLength: 0.5 },
    })
    expect([1, 10].map(epoch => smoothMix.at?.(at(epoch), mixed))).toMatchObject([
      { eta: 0.5, cleanRadius: 0.05 },
      { eta: 5, cleanRadius: 0.5 },
    ])
  })
})

describe('a phase', () => {
  it('leaves the radius of MACER out until its epoch, counted from 0', () => {
    const deferred = macer.settings.parse({ kind: 'macer', lambda: 12, robustnessFromEpoch: 51 })
    expect([51, 52].map(epoch => macer.at?.(at(epoch), deferred).lambda)).toEqual([0, 12])
  })

  it('gives CAT-RS another radius from an epoch on', () => {
    const stepped = catRs.settings.parse({
      ...{ kind: 'cat-rs', lambda: 2, predictions: 'labels.jsonl' },
      attack: { steps: 1, epsilon: [{ fromEpoch: 0, epsilon: 1 }, { fromEpoch: 80, epsilon: 2 }] },
    }) // biome-ignore format: two steps
    expect([80, 81].map(epoch => catRs.at?.(at(epoch), stepped).attack.epsilon)).toEqual([1, 2])
  })
})

describe('MACER maximises the radius', () => {
  const judgement = { leading: [0, 1, 2, 2, 0], margin: [1, 9, 3, Number.POSITIVE_INFINITY, Number.NaN] }
  const settings = { labels: [0, 1, 1, 2, 0], lambda: 1, gamma: 8 }

  it('of recognised images with a finite margin of at most γ', () => {
    expect(maximizedImages(judgement, settings)).toEqual([0])
  })

  it('of no image where λ is 0', () => {
    expect(maximizedImages(judgement, { ...settings, lambda: 0 })).toEqual([])
  })
})

it('mixing ratios of SmoothMix lie in [0, ½) and come of the stream', () => {
  const numbers = [0, 0.5, 0.999].values()
  const context = {
    ...{ settings: smoothMix.settings.parse({ kind: 'smooth-mix', attack: { steps: 1, stepLength: 1 } }) },
    ...{ labels: [3, 1, 2], position: at(1), random: () => numbers.next().value ?? Number.NaN },
  }
  expect(smoothMix.decide?.({}, context)).toEqual([0, 0.25, 0.4995])
})

describe('settings that do not go together', () => {
  it('are refused: the form mse with one noise', () => {
    const parsed = consistency.settings.safeParse({ kind: 'consistency', noises: 1, lambda: 1, form: 'mse' })
    expect(parsed.error?.issues).toMatchObject([
      { path: ['noises'], message: 'expected at least 2 for the form mse, got 1' },
    ])
  })
})
