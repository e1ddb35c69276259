import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ConfigError,
  type FtCadisLossTerm,
  presets,
  type SelectionRule,
  type Session,
  ShapeError,
  smoothingOf,
  torch,
} from '../../src'
import { crossEntropyObjective, ftCadis, type Place, stepRunner } from '../../src/internal'
import { connectForTest, loadDigits } from '../support/digits'

const NOISES = 2
const IMAGES = 12
const PLACE: Place = {
  ...{ epoch: 1, update: 1, updatesPerEpoch: 3, epochs: 2, step: 1, steps: 6 },
  epochsDone: 0,
}
const { method } = presets.digits({ output: 'run' })
const SETTINGS = { ...method, noises: NOISES, attack: { ...method.attack, steps: 1 } }

describe('a step of FT-CADIS', () => {
  let session: Session
  let digits: Awaited<ReturnType<typeof loadDigits>>
  let loader: torch.Loader

  beforeAll(async () => {
    session = await connectForTest()
    digits = await loadDigits(session)
    loader = await torch.makeLoader(digits.testSet, {
      ...{ batchSize: IMAGES, seed: 0, shuffle: true, dropLast: true, workers: 0 },
    })
  })
  afterAll(() => session.close())

  /** Sums, labels, and the norm of the gradient of the first micro-batch, in which all denoised images are learnt from. */
  async function step({
    attacked = [],
    lossTerm,
    takesWholeBatch = false,
    rule,
    settings = SETTINGS,
    lossScale = 1,
  }: {
    attacked?: readonly number[]
    lossTerm?: FtCadisLossTerm
    takesWholeBatch?: boolean
    rule?: SelectionRule
    settings?: typeof SETTINGS
    lossScale?: number
  } = {}) {
    const { id, description } = digits.classifier
    const classifier = new torch.Classifier(session, id, {
      ...description,
      usesBatchStatistics: takesWholeBatch,
    })
    const optimizer = torch.adamW(classifier, [{ parameters: 'all', learningRate: 0, weightDecay: 0 }])
    const all: SelectionRule = ({ correct }) => ({
      weights: correct.map(row => row.map(() => 1)),
      attacked,
      keptCounts: (correct[0] ?? []).map(() => 0),
    })
    const steps = stepRunner(session, ftCadis, {
      ...{ networks: { classifier }, smoothing: smoothingOf(digits.denoiser, 0.5), settings },
      ...{ prepared: { selector: null }, loader, rule: rule ?? all, lossTerm },
    })
    loader.start(0)
    try {
      const { sums, end } = await steps.microBatch(
        {
          ...{ place: PLACE, settings: steps.settingsAt(PLACE), imagesPerUpdate: IMAGES, lossScale },
          stream: [0, 'train', 1, 1, 0],
        },
        () => optimizer.gradientNorm(),
      )
      optimizer.zeroGradients()
      return { sums, gradientNorm: end }
    } finally {
      steps.free()
      session.free(optimizer)
    }
  }

  it("adds a term of the caller's own, made of what the step has", async () => {
    const seen: unknown[] = []
    // For each adversarial image M · K ones, whatever its logits are.
    const lossTerm: FtCadisLossTerm = ({ batch, settings }, { kept, decision, made }) => {
      seen.push([decision.attacked, made?.logProbabilities_MAK?.axes ?? null, settings.noises])
      const term = torch.sum(torch.pick(kept.logProbabilities_MBK, 'K', batch.labels_B))
      if (made?.logProbabilities_MAK == null) return torch.mul(term, -1)
      const ones = torch.add(torch.mul(made.logProbabilities_MAK, 0), 1)
      return torch.sub(torch.sum(ones), term)
    }
    const { sums: plain } = await step({ attacked: [3, 5] })
    expect(plain.lossTerm).toBe(0)
    expect(plain.total).toBeCloseTo(
      (Number(plain.selectiveCrossEntropy) + 2 * Number(plain.adversarial)) / IMAGES,
      5,
    )
    // All weigh 1: the sum over all denoised images is M times that of Eq. 8.
    const crossEntropies = NOISES * Number(plain.selectiveCrossEntropy)
    const cases = [
      { attacked: [3, 5], takesWholeBatch: false, adversarialImages: 2 },
      { attacked: [], takesWholeBatch: false, adversarialImages: 0 },
      { attacked: [3, 5], takesWholeBatch: true, adversarialImages: IMAGES },
    ]
    for (const { adversarialImages, ...how } of cases) {
      const { sums } = await step({ ...how, lossTerm })
      expect(sums.lossTerm).toBeCloseTo(crossEntropies + NOISES * 10 * adversarialImages, 3)
      const losses = Number(sums.selectiveCrossEntropy) + 2 * Number(sums.adversarial)
      expect(sums.total).toBeCloseTo((losses + Number(sums.lossTerm)) / IMAGES, 4)
    }
    expect(seen).toEqual([
      [[3, 5], 'MAK', NOISES],
      [[], null, NOISES],
      [[3, 5], 'MAK', NOISES],
    ])
  })

  it('divides the gradient of the term by the images of the update, as that of the loss', async () => {
    const plain = await step()
    const same: FtCadisLossTerm = (_inputs, { kept: { crossEntropy_MB } }) =>
      torch.sum(torch.mean(crossEntropy_MB, 'M'))
    const doubled = await step({ lossTerm: same })
    expect(doubled.sums.total).toBeCloseTo(2 * Number(plain.sums.total), 5)
    expect(doubled.gradientNorm / plain.gradientNorm).toBeCloseTo(2, 5)
    const scaled = await step({ lossTerm: same, lossScale: 256 })
    expect(scaled.sums.total).toBe(doubled.sums.total)
    expect(scaled.gradientNorm / plain.gradientNorm).toBeCloseTo(512, 3)
  })

  it('refuses the selection of a rule by the name of the rule', async () => {
    const mine: SelectionRule = ({ correct }) => ({
      weights: correct.map(() => []),
      attacked: [],
      keptCounts: [],
    })
    const refused = step({ rule: mine })
    await expect(refused).rejects.toThrow(ShapeError)
    await expect(refused).rejects.toThrow(
      'The selection rule mine returned weights[0]: expected a weight for each of B = 12 images, got 0 weights.',
    )
    // What the refused step has looked at is freed.
    const live = session.liveTensors()
    await expect(step({ rule: mine })).rejects.toThrow(ShapeError)
    expect(session.liveTensors()).toBe(live)
  })

  it('has metrics that are functions of the sums of an update', () => {
    const steps = stepRunner(session, ftCadis, {
      ...{ networks: { classifier: digits.classifier }, smoothing: smoothingOf(digits.denoiser, 0.5) },
      ...{ settings: SETTINGS, prepared: { selector: null }, loader },
    })
    const sums = {
      ...{ total: 9, lossTerm: 0, selectiveCrossEntropy: 5, adversarial: 2, fooled: 3 },
      ...{ recognized: 12, kept: 10, allKept: 4, attacked: 3 },
    }
    const update = { images: 10, settings: steps.settingsAt(PLACE) }
    expect(steps.metricsOf(sums, update)).toEqual({
      ...{ selectiveCrossEntropy: 0.5, adversarial: 0.2, denoisedAccuracy: 0.6, keptShare: 0.5 },
      ...{ allKeptShare: 0.4, attackedShare: 0.3, attackSuccess: 0.5, epsilon: 0.5 },
    })
    expect(steps.metricsOf({ ...sums, attacked: 0 }, update)).toMatchObject({ attackSuccess: null })
    steps.free()
  })

  it('has settings in force that follow the steps of ε', () => {
    const epsilon = [
      { fromEpoch: 0, epsilon: 0.25 },
      { fromEpoch: 1, epsilon: 0.5 },
    ]
    const steps = stepRunner(session, ftCadis, {
      ...{ networks: { classifier: digits.classifier }, smoothing: smoothingOf(digits.denoiser, 0.5) },
      ...{
        settings: { ...SETTINGS, attack: { ...SETTINGS.attack, epsilon } },
        prepared: { selector: null },
        loader,
      },
    })
    const at = (epoch: number) => steps.settingsAt({ ...PLACE, epoch })
    expect([at(1), at(2)]).toEqual([
      { ...SETTINGS, attack: { ...SETTINGS.attack, epsilon: 0.25 } },
      { ...SETTINGS, attack: { ...SETTINGS.attack, epsilon: 0.5 } },
    ])
    steps.free()
  })

  it('has no place for a rule where nothing is decided', () => {
    const run = {
      ...{
        networks: { classifier: digits.classifier },
        smoothing: smoothingOf(null, 0.5),
        prepared: null,
        loader,
      },
      settings: { kind: 'cross-entropy', images: 'smoothed', noises: 1 } as const,
      rule: () => null,
    }
    expect(() => stepRunner(session, crossEntropyObjective, run)).toThrow(ConfigError)
    expect(() => stepRunner(session, crossEntropyObjective, run)).toThrow(
      'The method cross-entropy decides nothing, so no rule can take its place.',
    )
  })
})
