import { expect, it } from 'vitest'
import type { Selection } from '../../../src/objectives/ft-cadis/select-images'
import { forwardedImages } from '../../../src/objectives/ft-cadis/selection-tensors'
import type { Classifier } from '../../../src/torch'

const selection: Selection = { weights: [], attacked: [1, 3], keptCounts: [0, 2, 1, 2] }

it.each([
  ['those whose loss counts', false, 'masked', [1, 3]],
  ['all where the classifier normalises over the batch', true, 'masked', [0, 1, 2, 3]],
  ['those alone without an adversarial loss', true, 'none', [1, 3]],
] as const)('sends through the attack %s', (_, usesBatchStatistics, adversarial, images) => {
  const classifier = { description: { usesBatchStatistics } } as Classifier
  expect(forwardedImages(classifier, selection, { adversarial })).toEqual(images)
})
