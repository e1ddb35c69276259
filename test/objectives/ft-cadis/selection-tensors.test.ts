import { expect, it } from 'vitest'
import { imagesToAttack, type Selection, type torch } from '../../../src'

const selection: Selection = { weights: [], attacked: [1, 3], nonHallucinated: [0, 2, 1, 2] }

it.each([
  ['those whose loss counts', false, 'masked', [1, 3]],
  ['all where the classifier normalises over the batch', true, 'masked', [0, 1, 2, 3]],
  ['those alone where there is no adversarial loss', true, 'none', [1, 3]],
] as const)('attacks %s', (_, usesBatchStatistics, adversarial, images) => {
  const classifier = { description: { usesBatchStatistics } } as torch.Classifier
  expect(imagesToAttack(classifier, selection, { adversarial })).toEqual(images)
})
