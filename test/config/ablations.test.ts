import { expect, it } from 'vitest'
import { ablations, presets } from '../../src'

it('Table 17 takes the ResNet-110 with its own normalisation, and nothing else that is new', () => {
  const base = presets.cifar10({ sigma: 0.5, denoiser: 'd.pt', data: 'data', output: 'out' })
  const resnet = ablations.table17(base, { path: 'checkpoint.pth.tar' })
  expect(resnet.classifier).toEqual({
    source: 'resnet110',
    path: 'checkpoint.pth.tar',
    inputRange: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
  })
  expect(resnet.optimisation).toEqual({ ...base.optimisation, layerDecay: 1 })
  const { classifier: _c, optimisation: _o, ...others } = resnet
  expect(base).toMatchObject(others)
})
