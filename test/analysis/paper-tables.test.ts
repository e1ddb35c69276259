import { describe, expect, it } from 'vitest'
import raw from '../../assets/paper/tables.json'
import { paperCosts, paperTable, paperTableNames } from '../../src/analysis/paper-tables'
import { ConfigError } from '../../src/errors'

describe('paperTable', () => {
  it('has the rows of Table 1, null where the paper has none', () => {
    const { title, radii, rows } = paperTable('table1_cifar10')
    expect(title).toBe('Table 1')
    expect(radii).toEqual([0.25, 0.5, 0.75, 1, 1.25, 1.5])
    expect(rows).toHaveLength(16)
    expect(rows[0]).toEqual({
      label: 'PixelDP (Lecuyer et al., 2019)',
      acr: null,
      accuracies: [22, 2, null, null, null, null],
      clean: [71, 44, null, null, null, null],
    })
    expect(rows.at(-1)).toEqual({
      label: 'FT-CADIS',
      acr: null,
      accuracies: [80.3, 68.4, 54.5, 39.9, 31.6, 23.5],
      clean: [88.7, 88.7, 88.7, 74.9, 74.9, 74.9],
    })
  })

  it.each([
    ['table5_cifar10_sigma1.00_objective', 'FT-CADIS', 0.784],
    ['table6_cifar10_update_of_Dnh', 'σ = 0.25, update of D_nh = false', 0.632],
    ['table11_cifar10_by_sigma', 'σ = 0.25', null],
    ['table14_cifar10_sigma0.50_lambda', 'λ = 0.5', 0.786],
    ['table15_cifar10_sigma0.50_M', 'M = 1', 0.773],
    ['table17_cifar10_sigma0.50_classifiers', 'Diffusion Denoised, ResNet-110 (1.7M)', 0.669],
  ])('names the rows of %s', (name, label, acr) => {
    expect(paperTable(name).rows[0]).toMatchObject({ label, acr })
  })

  it('has the ℓ∞ accuracies of Table 18', () => {
    const { norm, rows } = paperTable('table18_cifar10_linf')
    expect(norm).toEqual({ kind: 'linf', epsilon: '2/255' })
    expect(rows.map(({ accuracies }) => accuracies)).toEqual([[62.9], [67.1], [71.8]])
  })

  it('has a value for each radius of every row', () => {
    for (const name of paperTableNames()) {
      const { norm, radii, rows } = paperTable(name)
      expect(rows.length).toBe(raw[name as 'table18_cifar10_linf'].rows.length)
      for (const { label, accuracies } of rows) {
        expect(label).not.toMatch(/undefined|null|\u00a0/)
        expect(accuracies).toHaveLength(norm.kind === 'l2' ? radii.length : 1)
      }
    }
  })

  it.each(['table8_hyperparameters', 'table2', 'source'])('refuses %s and lists what there is', name => {
    expect(() => paperTable(name)).toThrow(ConfigError)
    expect(() => paperTable(name)).toThrow(/table1_cifar10, table1_imagenet, table5/)
  })
})

it('has the costs of Table 16', () => {
  const costs = paperCosts()
  expect(costs.map(({ acr }) => acr)).toEqual(
    raw['table16_imagenet_sigma0.50_cost'].rows.map(({ acr }) => acr),
  )
  expect(costs[1]).toEqual({ method: 'Multi-scale Denoised', acr: 0.743, trainable: 552e6, gpuDays: 32 })
})
