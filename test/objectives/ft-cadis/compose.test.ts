import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SelectionOptions, type Session, selectImages, torch } from '../../../src'
import { attackLosses, denoiseAndClassify, type LossOptions, selectionTensors } from '../../../src/internal'
import { connectForTest, loadDigits } from '../../support/digits'
import { stepInputs } from '../../support/step-inputs'

const LOSS: LossOptions = {
  noises: 4,
  lambda: 2,
  adversarial: 'masked',
  attack: { steps: 2, epsilon: 0.5, restandardize: true },
  adversarialTarget: 'soft',
  targetGradient: 'live',
  adversarialReduction: 'max',
}
const SELECTION: SelectionOptions = { crossEntropy: 'selected', coldStart: true, adversarial: 'masked' }
const IMAGES = Array.from({ length: 48 }, (_, index) => index)

describe('the losses of FT-CADIS', () => {
  let session: Session
  let networks: Awaited<ReturnType<typeof loadDigits>>

  beforeAll(async () => {
    session = await connectForTest()
    networks = await loadDigits(session)
  })
  afterAll(() => session.close())

  /** One micro-batch: its losses, the gradient norm, and what was selected. */
  async function step(
    options: Partial<LossOptions> & {
      readonly classifier?: torch.Classifier
      readonly selector?: torch.Classifier
      /** Default: those that the selection says. */
      readonly attacked?: readonly number[]
    } = {},
    selectionOptions: SelectionOptions = SELECTION,
  ) {
    const { classifier = networks.classifier, selector, attacked, ...changes } = options
    const { denoiser, testSet } = networks
    const optimizer = torch.adamW(classifier, [{ parameters: 'all', learningRate: 0, weightDecay: 0 }])
    const { noises } = LOSS
    const denoised = session.scope(() => {
      const inputs = stepInputs({ classifier, denoiser }, testSet.images(IMAGES), {
        ...{ sigma: 0.5, noises, generator: torch.generator(session, 'objective') },
      })
      return denoiseAndClassify(inputs, { noises, selector })
    })
    const { correct, crossEntropy } = await session.read({
      correct: denoised.correct_MB,
      crossEntropy: denoised.selectorCrossEntropy_MB,
    })
    const selected = selectImages(correct, crossEntropy, selectionOptions)
    const selection = attacked === undefined ? selected : { ...selected, attacked }
    const losses = await session.compute(() => {
      const inForce = { ...LOSS, ...changes }
      const recorded = attackLosses(classifier, denoised, {
        ...inForce,
        ...selectionTensors(classifier, selection, inForce),
        imagesPerUpdate: IMAGES.length,
      }).losses
      torch.backward(recorded.total)
      const gradientNorm = optimizer.gradientNorm()
      optimizer.zeroGradients()
      return { ...recorded, gradientNorm }
    })
    session.free([denoised, optimizer])
    return { ...losses, selection, correct, crossEntropy }
  }

  it('composes the total of Eq. 10 from sums over the micro-batch', async () => {
    const { total, selectiveCrossEntropy, adversarial, selection } = await step()
    expect(selection.attacked.length).toBeGreaterThan(0)
    expect(selection.attacked.length).toBeLessThan(IMAGES.length)
    expect(total).toBeCloseTo((selectiveCrossEntropy + 2 * (adversarial ?? 0)) / IMAGES.length, 5)
  })

  /** The classifier, said to normalise over the batch: all of it is attacked, whatever counts. */
  function wholeBatchClassifier(): torch.Classifier {
    const { id, description } = networks.classifier
    return new torch.Classifier(session, id, { ...description, usesBatchStatistics: true })
  }

  it('attacking the images with mask 1 alone gives the loss and gradient of attacking all', async () => {
    const wholeBatch = wholeBatchClassifier()
    const chosenAlone = await step()
    const everybody = await step({ classifier: wholeBatch })
    const before = session.counters.instructions
    expect(everybody.total).toBeCloseTo(chosenAlone.total, 6)
    expect(everybody.gradientNorm).toBeCloseTo(chosenAlone.gradientNorm, 4)
    const maskOff = await step({}, { ...SELECTION, adversarial: 'all' })
    expect(Math.abs(maskOff.total - chosenAlone.total)).toBeGreaterThan(0.01)
    expect(session.counters.instructions).toBeGreaterThan(before)
  })

  it('records no attack where no image is chosen, and none under plain cross-entropy', async () => {
    const plain: SelectionOptions = { crossEntropy: 'all', coldStart: true, adversarial: 'none' }
    const before = session.counters.instructions
    const { adversarial, total, crossEntropy } = await step({ adversarial: 'none' }, plain)
    const mean = crossEntropy.flat().reduce((sum, value) => sum + value, 0) / (4 * IMAGES.length)
    expect(adversarial).toBeNull()
    expect(total).toBeCloseTo(mean, 5)
    expect(session.counters.instructions - before).toBeLessThan(60)
  })

  it('counts the adversarial images without their label, of the images that count', async () => {
    // An attack that moves nothing: the classifier judges the denoised images once more.
    const attack = { steps: 1, epsilon: 1e-7, restandardize: false }
    const attacked = IMAGES.filter(image => image % 3 > 0)
    for (const classifier of [networks.classifier, wholeBatchClassifier()]) {
      const { fooled, correct } = await step({ classifier, attack, attacked })
      const wrong = correct.flatMap(row => attacked.filter(image => row[image] === false))
      expect(fooled).toBe(wrong.length)
      expect(fooled).toBeGreaterThan(0)
    }
    const whole = await step({ attack, attacked: IMAGES })
    expect(whole.fooled).toBe(whole.correct.flat().filter(isCorrect => !isCorrect).length)
    const none = await step({ classifier: wholeBatchClassifier(), attack, attacked: [] })
    expect({ fooled: none.fooled, adversarial: none.adversarial }).toEqual({
      fooled: null,
      adversarial: null,
    })
  })

  it.each([
    ['the hard target', { adversarialTarget: 'hard' }],
    ['the mean over noises', { adversarialReduction: 'mean' }],
    ['no re-standardisation', { attack: { ...LOSS.attack, restandardize: false } }],
    ['another radius', { attack: { ...LOSS.attack, epsilon: 0.25 } }],
    ['another λ', { lambda: 1 }],
  ] as const)('%s changes the loss', async (_name, change) => {
    const reference = await step()
    const changed = await step(change)
    expect(Math.abs(changed.total - reference.total)).toBeGreaterThan(1e-3)
  })

  it('a detached target changes the gradient and not the loss', async () => {
    const live = await step()
    const detached = await step({ targetGradient: 'detached' })
    expect(detached.total).toBeCloseTo(live.total, 6)
    expect(Math.abs(detached.gradientNorm - live.gradientNorm)).toBeGreaterThan(1e-3)
  })

  it('leaves the judgement to another classifier where D_nh is not updated (Table 6)', async () => {
    const { classifier } = networks
    const judge = await torch.loadClassifier(session, {
      source: 'timm',
      name: 'vit_tiny_patch16_224',
      pretrained: false,
      modelArgs: {
        img_size: 8,
        patch_size: 4,
        in_chans: 1,
        embed_dim: 64,
        depth: 1,
        num_heads: 4,
        num_classes: 10,
      },
    })
    const own = await step()
    const same = await step({ selector: classifier.frozenCopy() })
    const other = await step({ selector: judge })
    expect(same.correct).toEqual(own.correct)
    expect(other.correct).not.toEqual(own.correct)
    expect(same.crossEntropy).toEqual(own.crossEntropy)
    expect(other.crossEntropy).not.toEqual(own.crossEntropy)
  })
})
