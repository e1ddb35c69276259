import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Session, torch } from '../../../src'
import { PACKAGE_FOLDER } from '../../../src/files/package-folder'
import { attackLosses, denoiseAndClassify, type Losses, selectionTensors } from '../../../src/internal'
import { connectForTest, loadDigits } from '../../support/digits'
import { stepInputs } from '../../support/step-inputs'

const NOISES = 2
const IMAGES = Array.from({ length: 12 }, (_, index) => index)
const SOME = [0, 3, 4]
const OTHERS = IMAGES.filter(image => !SOME.includes(image))

describe('a classifier with batch normalisation', () => {
  let session: Session
  let folder: string
  let networks: Awaited<ReturnType<typeof loadDigits>>

  beforeAll(async () => {
    session = await connectForTest()
    networks = await loadDigits(session)
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-batch-statistics-'))
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  /** The losses of one micro-batch in which these images are attacked, and the weights with their running statistics after it. */
  async function step(attacked: readonly number[], { asIfWithout = false } = {}) {
    const { denoiser, testSet } = networks
    torch.manualSeed(session, 'batch statistics')
    const loaded = await torch.loadClassifier(session, {
      source: 'python',
      file: join(PACKAGE_FOLDER, 'test', 'support', 'batch_norm_network.py'),
      factory: 'network',
      tuning: { kind: 'full' },
    })
    expect(loaded.description.usesBatchStatistics).toBe(true)
    const classifier = asIfWithout
      ? new torch.Classifier(session, loaded.id, { ...loaded.description, usesBatchStatistics: false })
      : loaded
    const losses = await session.compute((): Losses => {
      const inputs = stepInputs({ classifier, denoiser }, testSet.images(IMAGES), {
        sigma: 0.25,
        noises: NOISES,
        generator: torch.generator(session, 'noise'),
      })
      const adversarial = 'masked'
      const selection = {
        weights: Array.from({ length: NOISES }, () => IMAGES.map(() => 1)),
        attacked,
        keptCounts: IMAGES.map(image => (attacked.includes(image) ? NOISES : 0)),
      }
      return attackLosses(classifier, denoiseAndClassify(inputs, { noises: NOISES }), {
        noises: NOISES,
        lambda: 1,
        adversarial,
        attack: { steps: 2, epsilon: 0.5, restandardize: true },
        adversarialTarget: 'soft',
        targetGradient: 'live',
        adversarialReduction: 'max',
        imagesPerUpdate: IMAGES.length,
        ...selectionTensors(classifier, selection, { adversarial }),
      }).losses
    })
    const saved = join(folder, `${attacked.join('-')}-${asIfWithout}`)
    await classifier.save(saved)
    session.free(classifier)
    return { adversarial: losses.adversarial ?? 0, weights: await readFile(join(saved, 'model.safetensors')) }
  }

  it('has the running statistics of attacking the whole batch, whichever images are attacked', async () => {
    const whole = await step(IMAGES)
    const some = await step(SOME)
    const none = await step([])
    expect(some.weights.equals(whole.weights)).toBe(true)
    expect(none.weights.equals(whole.weights)).toBe(true)
    const alone = await step(SOME, { asIfWithout: true })
    expect(alone.weights.equals(whole.weights)).toBe(false)
  })

  it('learns nothing from images whose mask is 0', async () => {
    const all: number[] = []
    for (const attacked of [IMAGES, SOME, OTHERS, []]) all.push((await step(attacked)).adversarial)
    const [whole, some, others, none] = all as [number, number, number, number]
    expect(some).toBeGreaterThan(0)
    expect(others).toBeGreaterThan(0)
    expect(some + others).toBeCloseTo(whole, 5)
    expect(none).toBe(0)
  })
})
