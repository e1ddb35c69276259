import { expect, test } from 'vitest'
import { didYouMean, nearestName } from '../../src/files/nearest-name'

const NAMES = ['imageSize', 'resizeSize', 'lambda', 'n', 'n0', 'table1_cifar10', 'table1_imagenet']

test.each([
  ['image_size', 'imageSize'],
  ['IMAGESIZE', 'imageSize'],
  ['lamda', 'lambda'],
  ['lambada', 'lambda'],
  ['N0', 'n0'],
  ['table1_cifar100', 'table1_cifar10'],
  ['m', undefined],
  ['learningRate', undefined],
  ['', undefined],
])('%j probably means %j', (name, nearest) => {
  expect(nearestName(name, NAMES)).toBe(nearest)
  expect(didYouMean(name, NAMES)).toBe(nearest === undefined ? '' : ` Did you mean "${nearest}"?`)
})
