import { expect, it } from 'vitest'
import { configurationOf } from '../../src/certification/log-configuration'
import { certificationSchema } from '../../src/config/certification-schema'
import type { NoiseLevel } from '../../src/smoothing/noise-level'
import { smoothingOf } from '../../src/smoothing/smoothing'
import { gaussianBound } from '../../src/statistics/bound'
import { STREAMS_VERSION } from '../../src/streams'
import type { Dataset, Denoiser } from '../../src/torch'

const certification = certificationSchema.parse({ n0: 10, n: 100, alpha: 0.01, batch: 64, seed: 3 })
const dataset = {
  description: { classes: ['a', 'b'], logits: null, imageShape: [1, 8, 8], length: 9 },
} as unknown as Dataset
const SMOOTHING = smoothingOf(null, 0.5)
const CONTEXT = {
  identity: { images: 9, classes: ['a', 'b'], digest: 'dd' },
  ...{ name: 'net', dataset, denoiserDtype: null, images: 2, smoothing: SMOOTHING },
  ...{ guarantee: { certifiedSigma: 0.5, alpha: 0.01 }, bound: gaussianBound(0.5) },
  procedure: { kind: 'certify' },
} as const

it('has everything that decides rows', () => {
  expect(configurationOf(certification, CONTEXT)).toStrictEqual({
    classifier: 'net',
    sigma: 0.5,
    realisedSigma: null,
    radiusSigma: 'nominal',
    certifiedSigma: 0.5,
    norm: 'l2',
    bound: 'gaussian',
    procedure: { kind: 'certify' },
    n0: 10,
    n: 100,
    alpha: 0.01,
    seed: 3,
    streams: STREAMS_VERSION,
    arithmetic: {
      dtype: 'float32',
      denoiserDtype: null,
      autocast: 'none',
      tf32: false,
      channelsLast: false,
      compile: false,
    },
    data: { images: 9, classes: 2, classNames: ['a', 'b'], imageShape: [1, 8, 8], digest: 'dd' },
  })
})

it('has what was chosen, and no batch size', () => {
  const chosen = certificationSchema.parse({
    ...{ ...certification, radiusSigma: 'min', familyWise: true, autocast: 'bfloat16', batch: 7 },
    ...{ tf32: true, channelsLast: true, compile: true, adaptive: { maxRadiusLoss: 0.1 } },
  })
  const procedure = { kind: 'sized', maxRadiusLoss: 0.1, block: 16 } as const
  const level = { realisedSigma: 0.48 } as NoiseLevel
  const front = { kind: 'one-shot', network: {} as Denoiser, level } as const
  const configuration = configurationOf(chosen, {
    ...CONTEXT,
    ...{ smoothing: { ...SMOOTHING, realisedSigma: 0.48, front }, procedure },
    ...{ guarantee: { certifiedSigma: 0.48, alpha: 0.005 }, bound: gaussianBound(0.48) },
    ...{ models: { checkpoint: 'c' }, denoiserDtype: 'float16', data: { source: 'digits' } },
  })
  expect(configuration).toMatchObject({
    ...{ realisedSigma: 0.48, radiusSigma: 'min', certifiedSigma: 0.48, alpha: 0.005, procedure },
    arithmetic: {
      ...{ dtype: 'float32', denoiserDtype: 'float16', autocast: 'bfloat16' },
      ...{ tf32: true, channelsLast: true, compile: true },
    },
    familyWise: { alpha: 0.01, images: 2 },
    data: { source: 'digits', images: 9, classes: 2 },
    models: { checkpoint: 'c' },
  })
  expect(JSON.stringify(configuration)).not.toContain('batch')
})

it('has the logits of the classes where these are some of a head', () => {
  const some = { description: { ...dataset.description, logits: [3, 281] } } as unknown as Dataset
  expect(configurationOf(certification, { ...CONTEXT, dataset: some }).data).toMatchObject({
    logits: [3, 281],
  })
})
