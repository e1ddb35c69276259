import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  crossEntropy,
  logProbabilities,
  type Session,
  type ShiftAttack,
  seenCopies,
  shiftAttack,
  smoothingOf,
  torch,
} from '../../src'
import { ddnAttack, ddnEnd } from '../../src/objectives/attacks/ddn-attack'
import { connectForTest, loadDigits } from '../support/digits'
import { stepInputs } from '../support/step-inputs'

const NOISES = 2
const ATTACK: ShiftAttack = {
  ...{ steps: 2, epsilon: 0.5, stepLength: 0.5, gradientFloor: 0 },
  order: 'clamp-first',
  ascends: 'mean-probability',
  direction: 'gradient',
}

describe('an attack on images under noise', () => {
  let session: Session
  let digits: Awaited<ReturnType<typeof loadDigits>>

  beforeAll(async () => {
    session = await connectForTest()
    digits = await loadDigits(session)
  })
  afterAll(() => session.close())

  /** Losses before and after an attack, and how far it went, in units of images in [0, 1]. */
  function attacked(denoiser: torch.Denoiser | null, attack: 'pgd' | 'gradient-free' | 'ddn') {
    const { classifier, testSet } = digits
    return session.compute(() => {
      const step = stepInputs({ classifier, denoiser }, testSet.images([0, 1, 2, 3, 4, 5]), {
        ...{ sigma: 0.25, noises: NOISES, generator: torch.generator(session, 'attacks') },
      })
      const { batch, clean_BCHW, noise_MBCHW } = step
      const stream = torch.generator(session, 'directions')
      const inputs = {
        ...{ classifier, smoothing: smoothingOf(denoiser, 0.25), clean_BCHW, noise_MBCHW, noises: NOISES },
        labels_B: batch.labels_B,
        drawDirection: (like_BCHW: torch.Tensor<'BCHW'>) => torch.randnLike(like_BCHW, stream),
      }
      const adversarial_BCHW =
        attack === 'ddn'
          ? ddnAttack(inputs, { steps: 4, epsilon: 0.5, startNorm: 0.5, gamma: 0.05, levels: 256 })
          : shiftAttack(inputs, { ...ATTACK, direction: attack === 'pgd' ? 'gradient' : 'gradient-free' })
      const lossOf = (images_BCHW: torch.Tensor<'BCHW'>) => {
        const seen_MBCHW = seenCopies(inputs.smoothing, images_BCHW, { noise_MBCHW, noises: NOISES })
        return torch.noGrad(session, () =>
          torch.mean(crossEntropy(logProbabilities(classifier, seen_MBCHW, NOISES), batch.labels_B)),
        )
      }
      const shift_BCHW = torch.sub(adversarial_BCHW, clean_BCHW)
      return {
        before: lossOf(clean_BCHW),
        after: lossOf(adversarial_BCHW),
        lengths: torch.mul(torch.normOfEach(shift_BCHW, 'B'), 0.5),
        range: torch.max(torch.abs(adversarial_BCHW)),
      }
    })
  }

  it.each([
    ['noisy images', false],
    ['denoised images, through the denoiser', true],
  ])('raises the loss on %s, within its ball and the pixel range', async (_on, isDenoised) => {
    const { before, after, lengths, range } = await attacked(isDenoised ? digits.denoiser : null, 'pgd')
    expect(after).toBeGreaterThan(2 * before)
    for (const length of lengths) expect(length).toBeCloseTo(0.5, 1)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(0.5 + 1e-5)
    expect(range).toBeLessThanOrEqual(1 + 1e-6)
  })

  it('without gradients stays in its ball', async () => {
    const { before, after, lengths } = await attacked(digits.denoiser, 'gradient-free')
    expect(after).not.toBe(before)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(0.5 + 1e-5)
  })

  it('of DDN raises the loss where it moves an image', async () => {
    const { before, after, lengths } = await attacked(null, 'ddn')
    expect(Math.max(...lengths)).toBeGreaterThan(0.05)
    expect(after).toBeGreaterThan(before)
  })

  it('of DDN is held to its radius, then rounded, so that it may exceed it', async () => {
    const { classifier, testSet } = digits
    const { found } = await session.compute(() => {
      const clean_BCHW = torch.mul(testSet.images([0]).images_BCHW, 0)
      const inputs = {
        ...{ classifier, smoothing: smoothingOf(null, 0.25), clean_BCHW, noises: 1 },
        noise_MBCHW: torch.randnCopies(clean_BCHW, {
          ...{ axis: 'M', count: 1, generator: torch.generator(session, 0) },
        }),
        labels_B: testSet.images([0]).labels_B,
      }
      // 64 pixels of 0.3 have the length 2.4, four times the radius of 0.3 in images in [0, 1].
      const best_BCHW = torch.add(clean_BCHW, 0.3)
      return { found: ddnEnd(inputs, { best_BCHW }, { epsilon: 0.3, levels: 256 }) }
    })
    const pixels = found.flat(3)
    // 0.075 is 9.56 levels.
    for (const pixel of pixels) expect(pixel).toBeCloseTo((10 * 2) / 255, 6)
    expect(Math.hypot(...pixels)).toBeGreaterThan(0.6)
  })

  it('that adds nothing to a gradient needs draws for those that are 0', () => {
    const { classifier, testSet } = digits
    const attack = () =>
      session.scope(() => {
        const { images_BCHW, labels_B } = testSet.images([0])
        const noise_MBCHW = torch.randnCopies(images_BCHW, {
          ...{ axis: 'M', count: 1, generator: torch.generator(session, 0) },
        })
        const inputs = { classifier, smoothing: smoothingOf(null, 0.25), noise_MBCHW, labels_B, noises: 1 }
        return shiftAttack({ ...inputs, clean_BCHW: images_BCHW }, ATTACK)
      })
    expect(attack).toThrow('An attack that adds nothing to the length of a gradient needs drawDirection.')
  })
})
