import { expect, it } from 'vitest'
import type { CertifyDatasetOptions } from '../../src/certification/certify-dataset'
import { configurationOf } from '../../src/certification/log-configuration'
import type { NoiseLevel } from '../../src/smoothing/noise-level'
import type { Dataset } from '../../src/torch'

const OPTIONS: CertifyDatasetOptions = {
  ...{ sigma: 0.5, n0: 10, n: 100, alpha: 0.01, batch: 64, seed: 3, dtype: 'float32', indices: [4, 5] },
}
const dataset = {
  description: { classes: ['a', 'b'], imageShape: [1, 8, 8], length: 9 },
} as unknown as Dataset
const FACTS = {
  ...{ name: 'net', models: undefined, adaptive: undefined, dataset, denoiserDtype: null },
  statement: { level: null, certifiedSigma: 0.5, alpha: 0.01 },
}

it('has everything that decides rows, with the defaults of what was left out', () => {
  expect(configurationOf(OPTIONS, FACTS)).toStrictEqual({
    classifier: 'net',
    sigma: 0.5,
    realisedSigma: null,
    certifySigma: 'nominal',
    certifiedSigma: 0.5,
    n0: 10,
    n: 100,
    alpha: 0.01,
    seed: 3,
    dtype: 'float32',
    denoiserDtype: null,
    autocast: 'none',
    tf32: false,
    channelsLast: false,
    compile: false,
    data: { images: 9, classes: 2, imageShape: [1, 8, 8] },
  })
})

it('has what was chosen, and no batch size', () => {
  const chosen: Partial<CertifyDatasetOptions> = {
    ...{ certifySigma: 'smaller', familyWise: true, autocast: 'bfloat16' },
    ...{ tf32: true, channelsLast: true, compile: true, data: { source: 'digits' }, batch: 7 },
  }
  const adaptive = { kind: 'sized', maxRadiusLoss: 0.1, block: 16 } as const
  const level = { realisedSigma: 0.48 } as NoiseLevel
  const statement = { level, certifiedSigma: 0.48, alpha: 0.005 }
  const facts = {
    ...FACTS,
    statement,
    adaptive,
    models: { checkpoint: 'c' },
    denoiserDtype: 'float16' as const,
  }
  const configuration = configurationOf({ ...OPTIONS, ...chosen }, facts)
  expect(configuration).toMatchObject({
    ...{ realisedSigma: 0.48, certifySigma: 'smaller', certifiedSigma: 0.48, alpha: 0.005 },
    ...{ autocast: 'bfloat16', tf32: true, channelsLast: true, compile: true, denoiserDtype: 'float16' },
    familyWise: { alpha: 0.01, images: 2 },
    adaptive,
    data: { source: 'digits', images: 9, classes: 2 },
    models: { checkpoint: 'c' },
  })
  expect(configuration).not.toHaveProperty('batch')
})
