import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../src'
import { torch } from '../../src'
import { attackLosses, composeLosses } from '../../src/objectives/ft-cadis/compose'
import { denoiseAndClassify } from '../../src/objectives/ft-cadis/denoise-and-classify'
import { selectionTensors } from '../../src/objectives/ft-cadis/selection-tensors'
import { crossEntropy } from '../../src/objectives/losses'
import { CLASSIFIER, connectForTest, DENOISER } from '../support/digits'
import { stepInputs } from '../support/step-inputs'

const GOLDEN = join(__dirname, '..', 'fixtures', 'loss.json')

interface GoldenCase {
  readonly name: string
  readonly M: number
  readonly lambda: number
  readonly targets: number[]
  readonly logits0: number[][]
  readonly logits_adv: number[][]
}

describe('a training step in narrow number types', () => {
  let session: Session
  let denoiser: torch.Denoiser
  let trainSet: torch.Dataset

  beforeAll(async () => {
    session = await connectForTest()
    denoiser = await torch.loadDenoiser(session, { source: 'diffusers', path: DENOISER })
    trainSet = await torch.openDataset(session, { source: 'digits', split: 'train' })
  })
  afterAll(() => session.close())

  /** Losses and gradient norm of one micro-batch of eight images, all of them attacked. */
  async function step(precision: torch.ClassifierPrecision, { lossScale = 1 } = {}) {
    const spec = { source: 'timm', path: CLASSIFIER, tuning: { kind: 'full' } }
    const classifier = await torch.loadClassifier(session, spec, precision)
    const optimizer = torch.adamW(classifier, [{ parameters: 'all', learningRate: 1e-3, weightDecay: 0 }])
    const found = await session.compute(() => {
      const everyImage = [0, 1, 2, 3, 4, 5, 6, 7]
      const selection = {
        weights: [everyImage.map(() => 1), everyImage.map(() => 1)],
        attacked: everyImage,
        keptCounts: everyImage.map(() => 2),
      }
      const adversarial = 'all'
      const inputs = stepInputs({ classifier, denoiser }, trainSet.images(everyImage), {
        sigma: 0.25,
        noises: 2,
        generator: torch.generator(session, 0, 'noise'),
      })
      const { losses } = attackLosses(classifier, denoiseAndClassify(inputs, { noises: 2 }), {
        noises: 2,
        adversarial,
        lambda: 2,
        attack: { steps: 2, epsilon: 0.5, restandardize: true },
        adversarialTarget: 'soft',
        targetGradient: 'live',
        adversarialReduction: 'max',
        imagesPerUpdate: 8,
        ...selectionTensors(classifier, selection, { adversarial }),
      })
      const { total } = losses
      torch.backward(lossScale === 1 ? total : torch.mul(total, lossScale))
      if (lossScale !== 1) optimizer.scaleGradients(1 / lossScale)
      return { total, adversarial: losses.adversarial, norm: optimizer.gradientNorm() }
    })
    session.free([classifier, optimizer])
    return found as { total: number; adversarial: number; norm: number }
  }

  let exact: { total: number; norm: number }
  it('has the losses and gradients of float32 with activation checkpointing', async () => {
    exact = await step({})
    const again = await step({ activationCheckpointing: true })
    expect(again.total).toBe(exact.total)
    expect(again.norm).toBeCloseTo(exact.norm, 5)
  })

  it.each<[torch.ClassifierPrecision, number, number]>([
    [{ autocast: 'bfloat16' }, 1, 0.05],
    [{ autocast: 'float16' }, 256, 0.01],
  ])('comes close to float32 with %o', async (precision, lossScale, tolerance) => {
    const found = await step(precision, { lossScale })
    expect(found.total).not.toBe(exact.total)
    expect(Math.abs(found.total - exact.total)).toBeLessThan(tolerance * exact.total)
    expect(Math.abs(found.norm - exact.norm)).toBeLessThan(4 * tolerance * exact.norm)
  })

  it.each(['float32', 'float16', 'bfloat16'] as const)(
    'has finite losses and gradients on the golden logits in %s',
    async dtype => {
      const { cases } = JSON.parse(await readFile(GOLDEN, 'utf8')) as { cases: GoldenCase[] }
      for (const { name, M: noises, lambda, targets, logits0, logits_adv } of cases) {
        const logits = (data: number[][]) => torch.leaf(torch.tensor(session, data, { axes: 'NK', dtype }))
        const found = await session.compute(() => {
          const [logits_NK, adversarial_NK] = [logits(logits0), logits(logits_adv)]
          // As a classifier under autocast hands logits over: in the number type of the images.
          const logProbabilities = (logits_NK: torch.Tensor<'NK'>) =>
            torch.logSoftmax(
              torch.unflatten(torch.to(logits_NK, 'float32'), 'N', { as: 'MB', count: noises }),
              'K',
            )
          const labels_B = torch.tensor(session, targets, { axes: 'B', dtype: 'int64' })
          const logProbabilities_MBK = logProbabilities(logits_NK)
          const everyImage_A = torch.tensor(session, [...targets.keys()], { axes: 'A', dtype: 'int64' })
          const { total } = composeLosses(
            { logProbabilities_MBK, labels_B, crossEntropy_MB: crossEntropy(logProbabilities_MBK, labels_B) },
            torch.indexSelect(logProbabilities(adversarial_NK), 'B', everyImage_A),
            {
              ...{ noises, lambda, imagesPerUpdate: targets.length },
              ...{ adversarialTarget: 'soft', targetGradient: 'live', adversarialReduction: 'max' },
              weights_MB: torch.tensor(session, Array(noises).fill(targets.map(() => 1)), { axes: 'MB' }),
              ...{ forwarded_A: everyImage_A, lossImages: 'all' },
            },
          )
          torch.backward(total)
          const norm = (leaf_NK: torch.Tensor<'NK'>) =>
            torch.max(torch.square(torch.to(torch.gradient(leaf_NK), 'float32')))
          return { total, gradients: [norm(logits_NK), norm(adversarial_NK)] }
        })
        expect([found.total, ...found.gradients].every(Number.isFinite), `${name}: ${found.total}`).toBe(true)
      }
    },
  )
})
