import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ShapeError } from '../../../src/errors'
import { type SelectionOptions, selectImages } from '../../../src/objectives/ft-cadis/select-images'
import fixture from '../../fixtures/loss.json'

const paper: SelectionOptions = { crossEntropy: 'selected', coldStart: true, adversarial: 'masked' }

const transpose = <T>(rows: readonly (readonly T[])[]): T[][] =>
  (rows[0] ?? []).map((_, column) => rows.map(row => row[column] as T))

describe('golden values of the reference', () => {
  it.each(fixture.cases)('$name', expected => {
    const selection = selectImages(transpose(expected.confidences), transpose(expected.ce), {
      ...paper,
      coldStart: expected.warm_start,
    })
    const mask = expected.mask_adv.flatMap((isAttacked, image) => (isAttacked ? [image] : []))
    expect(selection.attacked).toEqual(mask)
    expect(selection.keptCounts).toEqual(expected.confidences.map(row => row.filter(Boolean).length))
    // The reference lists the weights of an image by ascending cross-entropy; the order of equal ones is free.
    const weightsByImage = transpose(selection.weights)
    expected.confidences_sorted_used.forEach((used, image) => {
      const order = expected.sort_index[image] ?? []
      const sorted = order.map(noise => weightsByImage[image]?.[noise])
      const wanted = used.map(Number)
      expect(expected.tie_sensitive ? sorted.toSorted() : sorted).toEqual(
        expected.tie_sensitive ? wanted.toSorted() : wanted,
      )
    })
    expected.loss_sce.forEach((loss, image) => {
      const weighted = (expected.ce[image] ?? []).map((ce, noise) =>
        weightsByImage[image]?.[noise] ? ce : 0,
      )
      expect(weighted.reduce((sum, ce) => sum + ce, 0) / expected.M).toBeCloseTo(loss, 10)
    })
  })

  it('has cases in which the cold start decides, so that switching it off is seen', () => {
    const changed = fixture.cases.filter(
      ({ confidences, ce }) =>
        JSON.stringify(selectImages(transpose(confidences), transpose(ce), paper)) !==
        JSON.stringify(selectImages(transpose(confidences), transpose(ce), { ...paper, coldStart: false })),
    )
    expect(changed.length).toBeGreaterThan(5)
  })
})

describe('the variants of Tables 5 and 6', () => {
  // Image 0 is right under both noises, image 1 under the first, image 2 under none.
  const correct = [
    [true, true, false],
    [true, false, false],
  ]
  const crossEntropy = [
    [0.1, 0.2, 4],
    [0.1, 2, 3],
  ]

  it.each<[string, Partial<SelectionOptions>, number[][], number[]]>([
    [
      'FT-CADIS',
      {},
      [
        [1, 1, 0],
        [1, 0, 1],
      ],
      [0],
    ],
    [
      'no cold start',
      { coldStart: false },
      [
        [1, 1, 0],
        [1, 0, 0],
      ],
      [0],
    ],
    [
      'row 2: cross-entropy on all',
      { crossEntropy: 'all' },
      [
        [1, 1, 1],
        [1, 1, 1],
      ],
      [0],
    ],
    [
      'row 3: no mask',
      { adversarial: 'all' },
      [
        [1, 1, 0],
        [1, 0, 1],
      ],
      [0, 1, 2],
    ],
    [
      'row 4: cross-entropy alone',
      { crossEntropy: 'all', adversarial: 'none' },
      [
        [1, 1, 1],
        [1, 1, 1],
      ],
      [],
    ],
  ])('%s', (_, change, weights, attacked) => {
    expect(selectImages(correct, crossEntropy, { ...paper, ...change })).toEqual({
      weights,
      attacked,
      keptCounts: [2, 1, 0],
    })
  })

  it('with one noise every image is learnt from and those classified correctly are attacked', () => {
    expect(selectImages([[true, false]], [[0.1, 3]], paper)).toEqual({
      weights: [[1, 1]],
      attacked: [0],
      keptCounts: [1, 0],
    })
  })

  it('accepts a micro-batch without images', () => {
    expect(selectImages([[], []], [[], []], paper)).toEqual({
      weights: [[], []],
      attacked: [],
      keptCounts: [],
    })
  })
})

describe('the stand-in of the cold start', () => {
  const standIn = (...crossEntropy: number[]) =>
    selectImages(
      crossEntropy.map(() => [false]),
      crossEntropy.map(ce => [ce]),
      paper,
    ).weights.findIndex(([weight]) => weight === 1)

  it.each([
    ['the lowest', [3, 1, 2], 1],
    ['the first of equals', [2, 1, 1], 1],
    ['a number before NaN', [Number.NaN, 5, Number.NaN], 1],
    ['infinity before NaN', [Number.NaN, Number.POSITIVE_INFINITY], 1],
    ['a number before infinity', [Number.POSITIVE_INFINITY, 1e300], 1],
    ['the first where all are infinite', [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], 0],
    ['the first where all are NaN', [Number.NaN, Number.NaN], 0],
  ])('is %s', (_, crossEntropy, expected) => {
    expect(standIn(...crossEntropy)).toBe(expected)
  })
})

describe('properties', () => {
  const shape = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 6 }))
  // Distinct cross-entropies, so that permuting noises cannot meet a tie.
  const batch = shape.chain(([noises, images]) =>
    fc.record({
      correct: fc.array(fc.array(fc.boolean(), { minLength: images, maxLength: images }), {
        minLength: noises,
        maxLength: noises,
      }),
      crossEntropy: fc
        .uniqueArray(fc.double({ min: 0, max: 50, noNaN: true }), {
          minLength: noises * images,
          maxLength: noises * images,
        })
        .map(flat =>
          Array.from({ length: noises }, (_, noise) => flat.slice(noise * images, (noise + 1) * images)),
        ),
      options: fc.record<SelectionOptions>({
        crossEntropy: fc.constantFrom('selected', 'all'),
        coldStart: fc.boolean(),
        adversarial: fc.constantFrom('masked', 'all', 'none'),
      }),
      imageOrder: fc.shuffledSubarray([...Array(images).keys()], { minLength: images }),
      noiseOrder: fc.shuffledSubarray([...Array(noises).keys()], { minLength: noises }),
    }),
  )

  it('weights are 0 or 1, in the shape given; attacked ascends', () => {
    fc.assert(
      fc.property(batch, ({ correct, crossEntropy, options }) => {
        const { weights, attacked } = selectImages(correct, crossEntropy, options)
        expect(weights.map(row => row.length)).toEqual(correct.map(row => row.length))
        expect(weights.flat().every(weight => weight === 0 || weight === 1)).toBe(true)
        expect(attacked).toEqual([...new Set(attacked)].toSorted((a, b) => a - b))
      }),
    )
  })

  it('with the cold start every image is learnt from, at one noise where none is correct', () => {
    fc.assert(
      fc.property(batch, ({ correct, crossEntropy }) => {
        const { weights, keptCounts } = selectImages(correct, crossEntropy, paper)
        const learnt = keptCounts.map((_, image) => weights.filter(row => row[image] === 1).length)
        expect(learnt).toEqual(keptCounts.map(count => Math.max(count, 1)))
      }),
    )
  })

  it('does not depend on the order of images or of noises', () => {
    fc.assert(
      fc.property(batch, ({ correct, crossEntropy, options, imageOrder, noiseOrder }) => {
        const permute = <T>(rows: readonly (readonly T[])[]) =>
          noiseOrder.map(noise => imageOrder.map(image => rows[noise]?.[image] as T))
        const plain = selectImages(correct, crossEntropy, options)
        const permuted = selectImages(permute(correct), permute(crossEntropy), options)
        expect(permuted.weights).toEqual(permute(plain.weights))
        expect(permuted.keptCounts).toEqual(imageOrder.map(image => plain.keptCounts[image]))
        expect(new Set(permuted.attacked.map(image => imageOrder[image]))).toEqual(new Set(plain.attacked))
      }),
    )
  })

  it('one more correct image never takes another one out, of D_nh or of the attack', () => {
    fc.assert(
      fc.property(batch, fc.nat(), fc.nat(), ({ correct, crossEntropy, options }, someNoise, someImage) => {
        const noise = someNoise % correct.length
        const image = someImage % Math.max(correct[0]?.length ?? 0, 1)
        const more = correct.map((row, m) => row.map((value, b) => value || (m === noise && b === image)))
        const before = selectImages(correct, crossEntropy, { ...options, coldStart: false })
        const after = selectImages(more, crossEntropy, { ...options, coldStart: false })
        before.weights.forEach((row, m) => {
          row.forEach((weight, b) => {
            expect(after.weights[m]?.[b]).toBeGreaterThanOrEqual(weight)
          })
        })
        expect(after.attacked).toEqual(expect.arrayContaining([...before.attacked]))
      }),
    )
  })
})

describe('shapes', () => {
  it.each([
    ['no noises', [], [], /no rows/],
    ['other numbers of noises', [[true]], [[1], [2]], /1 rows and crossEntropy 2/],
    [
      'a ragged row',
      [[true, false], [true]],
      [
        [1, 2],
        [1, 2],
      ],
      /correct\[1\] has 1 images, expected B = 2/,
    ],
    ['other numbers of images', [[true, false]], [[1]], /crossEntropy\[0\] has 1 images/],
  ])('%s are refused', (_, correct, crossEntropy, message) => {
    const select = () => selectImages(correct, crossEntropy, paper)
    expect(select).toThrow(ShapeError)
    expect(select).toThrow(message)
  })
})
